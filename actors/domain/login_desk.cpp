#include "actors/domain/login_desk.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "conf/limits.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/sasl/prepare.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"
#include "storage/passwords.hpp"

namespace stagepost::domain {

namespace {

using std::chrono::steady_clock;

/// Logins that wait for others to end, in all and of one address; more are to come again later.
constexpr size_t most_waiting_logins = 1000;
constexpr size_t most_waiting_of_peer = 100;

/// A name in the one form in which two of them are the same.
std::string one_form(const std::string& user) {
  return smtp::canonical_local(sasl::prepare(user).value_or(user));
}

/// Nobody logs in as somebody else; an empty name is his own.
bool is_same_user(const std::string& other, const std::string& user) {
  return other.empty() || one_form(other) == one_form(user);
}

} // namespace

std::optional<login_state::candidate> login_state::look_up(const std::string& user, bool& unreadable) const {
  auto found = look_up_exactly(user, unreadable);
  if (found || unreadable) return found;
  // RFC 4013 makes one of names that our addresses keep apart, so the name as typed comes first.
  const auto prepared = sasl::prepare(user);
  return prepared && *prepared != user ? look_up_exactly(*prepared, unreadable) : std::nullopt;
}

std::optional<login_state::candidate> login_state::look_up_exactly(const std::string& user,
                                                                   bool& unreadable) const {
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
  answer.domain_names = who.domain.aliases;
  answer.domain = who.domain.id;
  answer.shares_folders = who.domain_settings.shared_folders;
  answer.caps = conf::hourly_caps(who.domain_settings);
  answer.user_caps = conf::hourly_caps(who.user);
  answer.footer = footer_of(who.domain_settings);
  return answer;
}

void login_state::count(domain_id domain, bool accepted) const {
  storage::day_counts one;
  (accepted ? one.logins : one.failed_logins) = 1;
  statistics::happened what;
  what.server = one;
  if (domain) what.domains.push_back({domain, {}, one});
  statistics::tell(from.statistics, std::move(what));
}

void login_state::welcome(const candidate& who, domain::service service,
                          const open_answer<login_answer>& answer) const {
  auto admitted = admit(who, service);
  count(who.domain.id, admitted.outcome == sasl::login_outcome::accepted);
  answer.deliver(std::move(admitted));
}

void login_state::refuse(const std::string& peer, const std::optional<candidate>& who,
                         open_answer<login_answer> answer) {
  const auto limits = from.settings->get()->passwords;
  const auto account = who ? who->account.id : account_id{};
  count(who ? who->domain.id : domain_id{}, false);
  guard.failed(limits, peer, account, steady_clock::now());
  login_answer refusal;
  refusal.outcome = sasl::login_outcome::wrong_credentials;
  self->delayed_send(self, limits.failed_login_delay,
                     do_later{[answer, refusal]() mutable { answer.deliver(std::move(refusal)); }});
}

bool login_state::has_turn(const std::string& peer, account_id account, open_answer<login_answer> answer,
                           std::function<void()> again) {
  switch (guard.may_try(from.settings->get()->passwords, peer, account, steady_clock::now())) {
  case login_guard::answer::yes: return true;
  case login_guard::answer::no: {
    login_answer refusal;
    refusal.outcome = sasl::login_outcome::too_many_failures;
    answer.deliver(std::move(refusal));
    return false;
  }
  case login_guard::answer::later: break;
  }
  auto& of_peer = waiting_by_peer[peer];
  if (waiting.size() >= most_waiting_logins || of_peer >= most_waiting_of_peer) {
    if (of_peer == 0) waiting_by_peer.erase(peer);
    answer.deliver(login_answer{});
    return false;
  }
  ++of_peer;
  waiting.push_back({peer, account, std::move(again)});
  return false;
}

void login_state::end_try(const std::string& peer, account_id account) {
  guard.ended(peer, account);
  // Not at once: how this one ended is counted first.
  if (!waiting.empty()) self->send(self, do_later{[this] { go_on(); }});
}

// Each that goes on changes what the next one may do.
void login_state::go_on() {
  const auto limits = from.settings->get()->passwords;
  for (auto i = waiting.begin(); i != waiting.end();) {
    if (guard.may_try(limits, i->peer, i->account, steady_clock::now()) == login_guard::answer::later) {
      ++i;
      continue;
    }
    const auto of_peer = waiting_by_peer.find(i->peer);
    if (--of_peer->second == 0) waiting_by_peer.erase(of_peer);
    const auto again = std::move(i->again);
    i = waiting.erase(i);
    again();
  }
}

caf::result<login_answer> login_state::check(const login& what) {
  auto pending = self->make_response_promise<login_answer>();
  auto prepared = what;
  prepared.password = sasl::prepare(what.password).value_or(what.password);
  try_login(prepared, open_answer<login_answer>(pending));
  return pending;
}

void login_state::try_login(const login& what, open_answer<login_answer> answer) {
  bool unreadable = false;
  const auto who = look_up(what.user, unreadable);
  if (unreadable) return answer.deliver(login_answer{});
  const auto account = who ? who->account.id : account_id{};
  const auto limits = from.settings->get()->passwords;
  const bool as_himself = is_same_user(what.authorize_as, what.user);
  // What was verified lately is no guess and need not wait for others.
  const bool known =
      who && as_himself && cache.knows(account, what.password, limits.login_cache, steady_clock::now());
  if (known && guard.may_try(limits, what.peer, account, steady_clock::now()) != login_guard::answer::no)
    return welcome(*who, what.service, answer);
  if (!has_turn(what.peer, account, answer, [this, what, answer] { try_login(what, answer); })) return;
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
  guard.began(limits, what.peer, account, steady_clock::now());
  self->request(hashing, caf::infinite, offload::run_work{work})
      .then(
          [this, who, what, right, as_himself, account, answer, began_at = forgotten](offload::work_done) {
            end_try(what.peer, account);
            if (!*right || !as_himself) return refuse(what.peer, who, answer);
            guard.succeeded(account);
            if (began_at == forgotten && from.settings->get()->passwords.login_cache.count() != 0)
              cache.remember(account, what.password, steady_clock::now());
            welcome(*who, what.service, answer);
          },
          [this, what, account, answer](caf::error&) { // the pool is full: try later
            end_try(what.peer, account);
            answer.deliver(login_answer{});
          });
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
      found.scram = sasl::scram_keys{kept.scram_sha_1_salt, kept.scram_sha_1_iterations,
                                     main.scram_sha_1_stored, main.scram_sha_1_server};
    else if (!sha_1 && !main.scram_sha_256_stored.empty())
      found.scram = sasl::scram_keys{kept.scram_sha_256_salt, kept.scram_sha_256_iterations,
                                     main.scram_sha_256_stored, main.scram_sha_256_server};
  }
  if (!found.scram && found.cram_md5.empty()) {
    // Who exists has the same salt however his name is written, so who does not has too.
    const auto user = one_form(what.user);
    found.cram_md5 = sasl::fake_cram_md5_state(user, guise_secret);
    found.scram =
        sasl::fake_scram_keys(user, guise_secret, limits.scram_iterations, sasl::hash_of(what.used));
  }
  return found;
}

caf::result<login_answer> login_state::finish(const finish_login& what) {
  auto pending = self->make_response_promise<login_answer>();
  finish_proof(what, open_answer<login_answer>(pending));
  return pending;
}

void login_state::finish_proof(const finish_login& what, open_answer<login_answer> answer) {
  bool unreadable = false;
  const auto who = look_up(what.what.user, unreadable);
  if (unreadable) return answer.deliver(login_answer{});
  const auto account = who ? who->account.id : account_id{};
  if (!has_turn(what.peer, account, answer, [this, what, answer] { finish_proof(what, answer); })) return;
  if (!who || !what.what.proof_right || !is_same_user(what.what.authorize_as, what.what.user))
    return refuse(what.peer, who, answer);
  guard.succeeded(account);
  welcome(*who, what.service, answer);
}

void login_state::forget(account_id account) {
  ++forgotten;
  cache.forget(account);
}

login_self::behavior_type login_desk(login_self::stateful_pointer<login_state> self, stores from,
                                     offload::pool_actor hashing, std::string guise_secret) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.from = std::move(from);
  state.hashing = std::move(hashing);
  state.guise_secret = std::move(guise_secret);
  return {
      [self](const login& what) { return self->state.check(what); },
      [self](const find_credentials& what) { return self->state.find(what.what); },
      [self](const finish_login& what) { return self->state.finish(what); },
      [self](const forget_logins& what) { self->state.forget(what.account); },
      [self](const do_later& what) { what.what(); },
  };
}

} // namespace stagepost::domain
