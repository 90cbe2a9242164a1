#include "actors/domain/login_desk.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "conf/limits.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"
#include "storage/passwords.hpp"

#include <sodium.h>

namespace stagepost::domain {

namespace {

/// Verified logins remembered at a time.
constexpr size_t cache_limit = 100000;

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

} // namespace

std::optional<login_state::candidate> login_state::look_up(const std::string& user, bool& unreadable) const {
  candidate found;
  const auto note = [&](storage::errc code) {
    unreadable = unreadable || code != storage::errc::not_found;
    return std::nullopt;
  };
  std::string local = smtp::canonical_local(user);
  if (user.find('@') != user.npos) {
    const auto parsed = smtp::parse_mailbox(user, true);
    const auto name = parsed ? smtp::canonical_domain(parsed->domain) : std::nullopt;
    if (!name) return std::nullopt;
    auto domain = storage::find_domain(*from.system, *name, storage::reach::disk);
    if (!domain) return note(domain.error().code);
    found.domain = std::move(*domain);
    local = smtp::canonical_local(parsed->local);
  }
  auto account = storage::find_account(*from.system, found.domain.id, local, storage::reach::disk);
  if (!account) return note(account.error().code);
  found.account = std::move(*account);
  auto credentials = storage::read_credentials(*from.system, found.account.id, storage::reach::disk);
  if (!credentials) return note(credentials.error().code);
  found.credentials = std::move(*credentials);
  found.user = settings_of(found.account);
  found.domain_settings = settings_of(found.domain);
  return found;
}

login_answer login_state::admit(const candidate& who, domain::service service) const {
  login_answer answer;
  answer.role = who.account.role;
  const bool administrator = who.account.role == storage::account_role::system_admin;
  const bool open = [&] {
    if (administrator) return service == service::web || service == service::control;
    if (who.user.disabled || who.domain_settings.disabled) return false;
    switch (service) {
    case service::smtp: return who.user.allow_smtp;
    case service::imap: return who.user.allow_imap;
    case service::pop3: return who.user.allow_pop3;
    case service::web: return who.user.allow_webmail;
    case service::control: return false;
    }
    return false;
  }();
  answer.outcome = open ? sasl::login_outcome::accepted : sasl::login_outcome::not_permitted;
  if (administrator) {
    answer.account.account = who.account.id;
    answer.account.address = who.account.local_part;
    return answer;
  }
  answer.account = target_of(who.account, who.domain);
  const auto all = from.settings->get();
  const auto size = conf::message_size_limit(all->smtp_in, who.domain_settings, who.user);
  answer.max_message_size_bytes = size ? size->bytes : 0;
  answer.max_recipients = conf::recipient_limit(all->smtp_in, who.domain_settings, who.user);
  answer.time_zone = who.user.time_zone.value_or(who.domain_settings.time_zone);
  answer.hide_client_address = who.domain_settings.exclude_ip_from_received;
  return answer;
}

void login_state::refuse(const std::string& peer, account_id account,
                         caf::typed_response_promise<login_answer> answer) {
  const auto limits = from.settings->get()->passwords;
  guard.failed(limits, peer, account, now());
  login_answer refusal;
  refusal.outcome = sasl::login_outcome::wrong_credentials;
  self->delayed_send(self, limits.failed_login_delay,
                     do_later{[answer, refusal]() mutable { answer.deliver(std::move(refusal)); }});
}

caf::result<login_answer> login_state::check(const login& what) {
  bool unreadable = false;
  const auto who = look_up(what.user, unreadable);
  if (unreadable) return login_answer{};
  const auto account = who ? who->account.id : account_id{};
  const auto limits = from.settings->get()->passwords;
  if (!guard.may_try(limits, what.peer, account, now())) {
    login_answer refusal;
    refusal.outcome = sasl::login_outcome::too_many_failures;
    return refusal;
  }
  auto answer = self->make_response_promise<login_answer>();
  const bool as_himself = what.authorize_as.empty() ||
                          smtp::canonical_local(what.authorize_as) == smtp::canonical_local(what.user);
  auto key = who ? cache_key(account, what.password) : std::string{};
  if (who && as_himself && is_cached(key)) {
    answer.deliver(admit(*who, what.service));
    return answer;
  }
  // Who does not exist costs the same work as who does.
  auto hashes = std::make_shared<std::vector<std::string>>();
  if (who)
    for (const auto& each : who->credentials.passwords) hashes->push_back(each.argon2id);
  const auto right = std::make_shared<bool>(false);
  auto work = offload::make_work([hashes, right, password = what.password, limits] {
    if (hashes->empty()) {
      (void)storage::hash_password(password, {limits.argon2id_passes, limits.argon2id_memory.bytes});
      return;
    }
    for (const auto& each : *hashes) *right = *right || storage::verify_password(each, password);
  });
  self->request(hashing, caf::infinite, offload::run_work{work})
      .then(
          [this, who, what, right, as_himself, account, answer, key = std::move(key),
           began_at = forgotten](offload::work_done) mutable {
            if (!*right || !as_himself) return refuse(what.peer, account, answer);
            guard.succeeded(account);
            if (began_at == forgotten) remember(std::move(key), account);
            answer.deliver(admit(*who, what.service));
          },
          [answer](caf::error&) mutable { answer.deliver(login_answer{}); }); // the pool is full: try later
  return answer;
}

caf::result<sasl::credentials> login_state::find(const sasl::find_credentials& what) {
  const auto limits = from.settings->get()->passwords;
  const bool sha_1 =
      what.used == sasl::mechanism::scram_sha_1 || what.used == sasl::mechanism::scram_sha_1_plus;
  bool unreadable = false;
  const auto who = look_up(what.user, unreadable);
  sasl::credentials found;
  if (who && !who->credentials.passwords.empty()) {
    const auto& kept = who->credentials;
    const auto& main = kept.passwords.front();
    if (what.used == sasl::mechanism::cram_md5)
      found.cram_md5 = main.cram_md5;
    else if (sha_1 && !main.scram_sha_1_stored.empty())
      found.scram = sasl::scram_keys{kept.scram_sha_1_salt, kept.scram_sha_1_iterations, main.scram_sha_1_stored,
                                     main.scram_sha_1_server};
    else if (!sha_1 && !main.scram_sha_256_stored.empty())
      found.scram = sasl::scram_keys{kept.scram_sha_256_salt, kept.scram_sha_256_iterations,
                                     main.scram_sha_256_stored, main.scram_sha_256_server};
  }
  if (!found.scram && found.cram_md5.empty()) {
    found.cram_md5 = sasl::fake_cram_md5_state(what.user, guise_secret);
    found.scram = sasl::fake_scram_keys(what.user, guise_secret, limits.scram_iterations, sasl::hash_of(what.used));
  }
  return found;
}

caf::result<login_answer> login_state::finish(const finish_login& what) {
  bool unreadable = false;
  const auto who = look_up(what.what.user, unreadable);
  if (unreadable) return login_answer{};
  const auto account = who ? who->account.id : account_id{};
  login_answer refusal;
  refusal.outcome = sasl::login_outcome::too_many_failures;
  if (!guard.may_try(from.settings->get()->passwords, what.peer, account, now())) return refusal;
  const auto& other = what.what.authorize_as;
  const bool as_himself = other.empty() || smtp::canonical_local(other) == smtp::canonical_local(what.what.user);
  if (!who || !what.what.proof_right || !as_himself) {
    auto answer = self->make_response_promise<login_answer>();
    refuse(what.peer, account, answer);
    return answer;
  }
  guard.succeeded(account);
  return admit(*who, what.service);
}

std::string login_state::cache_key(account_id account, const std::string& password) const {
  bytes input;
  append_big_endian(input, account.value);
  input += password;
  unsigned char out[crypto_generichash_BYTES];
  crypto_generichash(out, sizeof out, reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                     reinterpret_cast<const unsigned char*>(cache_secret.data()), cache_secret.size());
  sodium_memzero(input.data(), input.size());
  return std::string(reinterpret_cast<const char*>(out), sizeof out);
}

bool login_state::is_cached(const std::string& key) {
  const auto known = cache_by_key.find(key);
  if (known == cache_by_key.end()) return false;
  if (known->second->until > now()) return true;
  cache.erase(known->second);
  cache_by_key.erase(known);
  return false;
}

void login_state::remember(std::string key, account_id account) {
  const auto kept_for = from.settings->get()->passwords.login_cache;
  if (kept_for.count() == 0 || cache_by_key.count(key) != 0) return;
  cache.push_front({key, account, now() + kept_for});
  cache_by_key[std::move(key)] = cache.begin();
  if (cache.size() <= cache_limit) return;
  cache_by_key.erase(cache.back().key);
  cache.pop_back();
}

void login_state::forget(account_id account) {
  ++forgotten;
  for (auto i = cache.begin(); i != cache.end();) {
    if (account && i->account != account) {
      ++i;
      continue;
    }
    cache_by_key.erase(i->key);
    i = cache.erase(i);
  }
}

login_self::behavior_type login_desk(login_self::stateful_pointer<login_state> self, stores from,
                                     offload::pool_actor hashing, std::string guise_secret) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.from = std::move(from);
  state.hashing = std::move(hashing);
  state.guise_secret = std::move(guise_secret);
  state.cache_secret.resize(crypto_generichash_KEYBYTES);
  randombytes_buf(state.cache_secret.data(), state.cache_secret.size());
  return {
      [self](const login& what) { return self->state.check(what); },
      [self](const find_credentials& what) { return self->state.find(what.what); },
      [self](const finish_login& what) { return self->state.finish(what); },
      [self](const forget_logins& what) { self->state.forget(what.account); },
      [self](const do_later& what) { what.what(); },
  };
}

} // namespace stagepost::domain
