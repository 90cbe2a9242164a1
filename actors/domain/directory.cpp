#include "actors/domain/directory.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/domain/expansion.hpp"
#include "actors/wall_clock.hpp"
#include "conf/stored.hpp"
#include "protocols/mime/time_zone.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"
#include "storage/passwords.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <optional>

namespace stagepost::domain {

namespace {

/// Domains whose actors are alive at a time; all are let go when there would be more, and start again when asked for.
constexpr size_t most_domains_alive = 20000;
/// RFC 5321 knows no limit; a password longer than this is an attack on the hash.
constexpr size_t longest_password = 1024;

constexpr auto reach = storage::reach::disk; // the system store is small and stays in the cache

admin_answer refuse(std::string sentence) { return {false, std::move(sentence)}; }

struct split_address {
  std::string local, domain;
};

std::optional<split_address> split(const std::string& address) {
  const auto parsed = smtp::parse_mailbox(address, true);
  if (!parsed || parsed->domain.empty()) return std::nullopt;
  auto domain = smtp::canonical_domain(parsed->domain);
  if (!domain) return std::nullopt;
  return split_address{smtp::canonical_local(parsed->local), std::move(*domain)};
}

bytes random_octets(size_t count) {
  bytes out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

/// Slow on purpose: runs in the hashing pool.
storage::credential_record make_credentials(const std::string& password, const conf::password_settings& policy) {
  storage::credential_record made;
  made.changed_at = wall_clock();
  storage::password_record main;
  if (auto hash = storage::hash_password(password, {policy.argon2id_passes, policy.argon2id_memory.bytes}))
    main.argon2id = std::move(*hash);
  made.scram_sha_256_salt = random_octets(sasl::scram_salt_size);
  made.scram_sha_256_iterations = policy.scram_iterations;
  const auto keys = sasl::make_scram_keys(password, made.scram_sha_256_salt, policy.scram_iterations,
                                          sasl::scram_hash::sha_256);
  main.scram_sha_256_stored = keys.stored_key;
  main.scram_sha_256_server = keys.server_key;
  if (policy.store_scram_sha1) {
    made.scram_sha_1_salt = random_octets(sasl::scram_salt_size);
    made.scram_sha_1_iterations = policy.scram_iterations;
    const auto old_keys =
        sasl::make_scram_keys(password, made.scram_sha_1_salt, policy.scram_iterations, sasl::scram_hash::sha_1);
    main.scram_sha_1_stored = old_keys.stored_key;
    main.scram_sha_1_server = old_keys.server_key;
  }
  if (policy.store_cram_md5) main.cram_md5 = sasl::make_cram_md5_state(password);
  made.passwords.push_back(std::move(main));
  return made;
}

std::string time_zone_of(const conf::domain_settings& settings) { return settings.time_zone; }
std::string time_zone_of(const conf::user_settings& settings) { return settings.time_zone.value_or("UTC"); }

template <class Settings>
std::string change(storage::setting_map& stored, const storage::setting_map& changes) {
  const conf::stored_settings before(stored.begin(), stored.end());
  auto decoded = conf::decode<Settings>(before);
  const auto refused = conf::change(decoded.settings, conf::stored_settings(changes.begin(), changes.end()));
  if (!refused.empty()) return refused.front().name + ": " + refused.front().sentence;
  if constexpr (!std::is_same_v<Settings, conf::system_settings>)
    if (const auto name = time_zone_of(decoded.settings); changes.count("time_zone") && !mime::time_zone::find(name))
      return fmt::format("time_zone: There is no time zone {}.", name);
  const auto after = conf::encode(decoded.settings, decoded.unknown);
  stored = storage::setting_map(after.begin(), after.end());
  return {};
}

/// RFC 5321 4.5.1: bare "postmaster" must work; it is the postmaster of the first domain. Nothing when the store cannot be
/// read.
std::optional<std::string> with_domain(const storage::store& system, const std::string& address) {
  if (smtp::canonical_local(address) != "postmaster") return address;
  const auto all = storage::read_domains(system, reach);
  if (!all) return std::nullopt;
  return all->empty() ? address : "postmaster@" + all->front().name;
}

} // namespace

caf::result<address_found> directory_state::find(const std::string& address) {
  address_found answer;
  const auto whole = with_domain(*with.from.system, address);
  if (!whole) return answer;
  const auto parts = split(*whole);
  if (!parts) {
    answer.kind = address_kind::malformed;
    return answer;
  }
  auto known = domains.find(parts->domain);
  if (known == domains.end()) {
    auto record = storage::find_domain(*with.from.system, parts->domain, reach);
    if (!record) {
      if (record.error().code == storage::errc::not_found) answer.kind = address_kind::elsewhere;
      return answer;
    }
    if (domains.size() >= most_domains_alive) forget_all_domains();
    // All names of a domain lead to one actor, so that a change ends what any of them remembers.
    auto owner = domains.find(record->name);
    if (owner == domains.end())
      owner = domains.emplace(record->name, self->spawn<caf::monitored>(domain, with.from, *record)).first;
    known = record->name == parts->domain ? owner : domains.emplace(parts->domain, owner->second).first;
  }
  return self->delegate(known->second, find_local{parts->local});
}

caf::result<address_expanded> directory_state::expand_all(const expand_address& what) {
  auto answer = self->make_response_promise<address_expanded>();
  const auto found = std::make_shared<address_expanded>();
  auto work = offload::make_work(
      [found, what, system = with.from.system, plus = with.from.settings->get()->smtp_in.plus_separator] {
        const auto address = with_domain(*system, what.address);
        if (address) *found = expand(*system, plus, *address, what.limit);
      });
  self->request(with.from.readers, caf::infinite, offload::run_work{work})
      .then([answer, found](offload::work_done) mutable { answer.deliver(std::move(*found)); },
            [answer](caf::error&) mutable { answer.deliver(address_expanded{}); });
  return answer;
}

caf::result<admin_answer> directory_state::write(std::shared_ptr<storage::batch> batch, const std::string& domain_name,
                                                 account_id account, std::function<void()> then) {
  auto answer = self->make_response_promise<admin_answer>();
  write_and_answer(answer, std::move(batch), domain_name, account, std::move(then));
  return answer;
}

void directory_state::write_and_answer(caf::typed_response_promise<admin_answer> answer,
                                       std::shared_ptr<storage::batch> batch, const std::string& domain_name,
                                       account_id account, std::function<void()> then) {
  // `await`: nothing else is looked at until this is on disk, so what a change was checked against still holds when it
  // becomes true.
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .await(
          [this, answer, domain_name, account, then](committer::committed) mutable {
            if (!domain_name.empty()) forget_domain(domain_name);
            // A change of a domain may shut out all its users, so without an account all are forgotten.
            self->send(with.logins, forget_logins{account});
            then();
            answer.deliver(admin_answer{true, {}});
          },
          [answer](caf::error& failed) mutable { answer.deliver(refuse("not written: " + describe(failed))); });
}

void directory_state::forget_domain(const std::string& canonical_name) {
  const auto known = domains.find(canonical_name);
  if (known == domains.end()) return;
  const auto gone = known->second;
  self->send_exit(gone, caf::exit_reason::user_shutdown);
  for (auto i = domains.begin(); i != domains.end();) i = i->second == gone ? domains.erase(i) : std::next(i);
}

void directory_state::forget_all_domains() {
  for (const auto& [name, each] : domains) self->send_exit(each, caf::exit_reason::user_shutdown);
  domains.clear();
}

caf::result<admin_answer> directory_state::add_domain(const create_domain& what) {
  const auto name = smtp::canonical_domain(what.name);
  if (!name || name->front() == '[') return refuse(fmt::format("\"{}\" is not a domain name.", what.name));
  if (storage::find_domain(*with.from.system, *name, reach))
    return refuse(fmt::format("The domain {} is there already.", *name));
  storage::domain_record made;
  made.id = storage::next_domain(*with.from.system);
  made.name = *name;
  made.created_at = wall_clock();
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_domain(*batch, made, std::nullopt);
  return write(batch, *name, {});
}

caf::result<admin_answer> directory_state::remove_domain(const delete_domain& what) {
  const auto name = smtp::canonical_domain(what.name);
  const auto record = name ? storage::find_domain(*with.from.system, *name, reach)
                           : storage::result<storage::domain_record>(storage::errc::not_found);
  if (!record) return refuse(fmt::format("There is no domain {}.", what.name));
  const auto users = storage::read_accounts(*with.from.system, record->id, "", 1, reach);
  if (!users || !users->empty())
    return refuse(fmt::format("The domain {} still has users; delete them first.", *name));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  const auto aliases = storage::read_aliases(*with.from.system, record->id, "", size_t(-1), reach);
  if (!aliases) return refuse("The domain's aliases cannot be read.");
  for (const auto& each : *aliases) storage::delete_alias(*batch, record->id, each.local_part);
  storage::delete_domain(*batch, *record);
  return write(batch, *name, {});
}

caf::result<admin_answer> directory_state::alter_domain(const change_domain& what) {
  const auto name = smtp::canonical_domain(what.name);
  const auto record = name ? storage::find_domain(*with.from.system, *name, reach)
                           : storage::result<storage::domain_record>(storage::errc::not_found);
  if (!record) return refuse(fmt::format("There is no domain {}.", what.name));
  auto changed = *record;
  if (auto wrong = change<conf::domain_settings>(changed.settings, what.settings); !wrong.empty())
    return refuse(std::move(wrong));
  const conf::stored_settings stored(changed.settings.begin(), changed.settings.end());
  const auto limit = conf::decode<conf::domain_settings>(stored).settings.max_domain_aliases;
  for (const auto& each : what.drop_names)
    if (const auto canonical = smtp::canonical_domain(each))
      changed.aliases.erase(std::remove(changed.aliases.begin(), changed.aliases.end(), *canonical),
                            changed.aliases.end());
  for (const auto& each : what.add_names) {
    const auto canonical = smtp::canonical_domain(each);
    if (!canonical) return refuse(fmt::format("\"{}\" is not a domain name.", each));
    if (storage::find_domain(*with.from.system, *canonical, reach))
      return refuse(fmt::format("The domain {} is there already.", *canonical));
    changed.aliases.push_back(*canonical);
  }
  if (changed.aliases.size() > limit)
    return refuse(fmt::format("The domain {} may have {} domain aliases.", *name, limit));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_domain(*batch, changed, *record);
  return write(batch, *name, {}, [this, old_names = record->aliases] {
    for (const auto& each : old_names) forget_domain(each);
  });
}

caf::result<admin_answer> directory_state::with_credentials(const std::string& password, use_credentials use) {
  auto answer = self->make_response_promise<admin_answer>();
  const auto made = std::make_shared<storage::credential_record>();
  const auto policy = with.from.settings->get()->passwords;
  auto work = offload::make_work([made, password, policy] { *made = make_credentials(password, policy); });
  self->request(with.hashing, caf::infinite, offload::run_work{work})
      .then(
          [answer, made, use](offload::work_done) mutable {
            if (made->passwords.front().argon2id.empty())
              return (void)answer.deliver(refuse("There is not enough memory to hash the password."));
            use(*made, answer);
          },
          [answer](caf::error&) mutable {
            answer.deliver(refuse("Too many passwords are being hashed; try again."));
          });
  return answer;
}

std::string directory_state::plan_user(const create_user& what, storage::account_record& made,
                                       std::string& domain_name) const {
  made.role = what.role;
  made.created_at = wall_clock();
  if (what.role == storage::account_role::system_admin) {
    made.local_part = smtp::canonical_local(what.address);
    if (made.local_part.empty() || made.local_part.find('@') != std::string::npos)
      return "The login name of a system administrator has no @.";
  } else {
    const auto parts = split(what.address);
    if (!parts) return fmt::format("\"{}\" is not an address.", what.address);
    const auto domain = storage::find_domain(*with.from.system, parts->domain, reach);
    if (!domain) return fmt::format("There is no domain {}.", parts->domain);
    if (storage::find_alias(*with.from.system, domain->id, parts->local, reach))
      return fmt::format("{} is an alias.", what.address);
    const conf::stored_settings stored(domain->settings.begin(), domain->settings.end());
    const auto limit = conf::decode<conf::domain_settings>(stored).settings.max_users;
    const auto users = storage::read_accounts(*with.from.system, domain->id, "", size_t(limit) + 1, reach);
    if (!users) return "The domain's users cannot be read.";
    if (limit != 0 && users->size() >= limit)
      return fmt::format("The domain {} may have {} users.", domain->name, limit); // DOM-57
    made.domain = domain->id;
    made.local_part = parts->local;
    domain_name = domain->name;
  }
  if (storage::find_account(*with.from.system, made.domain, made.local_part, reach))
    return fmt::format("{} is there already.", what.address);
  return {};
}

caf::result<admin_answer> directory_state::add_user(const create_user& what) {
  if (what.password.empty() || what.password.size() > longest_password)
    return refuse(fmt::format("A password has 1 to {} octets.", longest_password));
  storage::account_record made;
  std::string domain_name;
  if (auto wrong = plan_user(what, made, domain_name); !wrong.empty()) return refuse(std::move(wrong));
  return with_credentials(what.password, [this, what](const storage::credential_record& credentials, auto answer) {
    // Others may have come in while the password was hashed.
    storage::account_record made;
    std::string domain_name;
    if (auto wrong = plan_user(what, made, domain_name); !wrong.empty())
      return (void)answer.deliver(refuse(std::move(wrong)));
    made.id = storage::next_account(*with.from.system);
    // In turn over the shards, so that they fill alike.
    made.shard = uint8_t(made.id.value % std::max<size_t>(1, with.mail.size()));
    auto batch = std::make_shared<storage::batch>(*with.from.system);
    storage::put_account(*batch, made);
    storage::put_credentials(*batch, made.id, credentials);
    write_and_answer(answer, std::move(batch), domain_name, made.id);
  });
}

namespace {

/// The account behind an address or an administrator's login name, with its domain's name.
struct known_account {
  storage::account_record record;
  std::string domain_name;
};

std::optional<known_account> find_known(const storage::store& system, const std::string& address) {
  domain_id domain;
  std::string domain_name;
  std::string local = smtp::canonical_local(address);
  if (address.find('@') != std::string::npos) {
    const auto parts = split(address);
    if (!parts) return std::nullopt;
    const auto record = storage::find_domain(system, parts->domain, reach);
    if (!record) return std::nullopt;
    domain = record->id;
    domain_name = record->name;
    local = parts->local;
  }
  auto account = storage::find_account(system, domain, local, reach);
  if (!account) return std::nullopt;
  return known_account{std::move(*account), std::move(domain_name)};
}

} // namespace

caf::result<admin_answer> directory_state::remove_user(const delete_user& what) {
  const auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::delete_account(*batch, known->record);
  return write(batch, known->domain_name, known->record.id, [this, record = known->record] {
    if (record.shard < with.mail.size())
      self->request(with.mail[record.shard], caf::infinite, mailbox::erase_account{record.id})
          .then([](mailbox::outcome_answer) {},
                [record](caf::error& failed) {
                  log::error("account {}: mail not erased: {}", record.id.value, describe(failed));
                });
  });
}

caf::result<admin_answer> directory_state::alter_user(const change_user& what) {
  auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  if (auto wrong = change<conf::user_settings>(known->record.settings, what.settings); !wrong.empty())
    return refuse(std::move(wrong));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_account(*batch, known->record);
  return write(batch, known->domain_name, known->record.id);
}

caf::result<admin_answer> directory_state::set_password(const change_password& what) {
  if (what.password.empty() || what.password.size() > longest_password)
    return refuse(fmt::format("A password has 1 to {} octets.", longest_password));
  const auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  return with_credentials(what.password, [this, what](const storage::credential_record& credentials, auto answer) {
    const auto still = find_known(*with.from.system, what.address);
    if (!still) return (void)answer.deliver(refuse(fmt::format("There is no user {}.", what.address)));
    auto batch = std::make_shared<storage::batch>(*with.from.system);
    storage::put_credentials(*batch, still->record.id, credentials);
    write_and_answer(answer, std::move(batch), still->domain_name, still->record.id);
  });
}

caf::result<user_list> directory_state::users(const list_users& what) const {
  domain_id domain;
  if (!what.domain.empty()) {
    const auto name = smtp::canonical_domain(what.domain);
    const auto record = name ? storage::find_domain(*with.from.system, *name, reach)
                             : storage::result<storage::domain_record>(storage::errc::not_found);
    if (!record) return user_list{false, fmt::format("There is no domain {}.", what.domain), {}};
    domain = record->id;
  }
  auto found = storage::read_accounts(*with.from.system, domain, what.from, what.limit, reach);
  if (!found) return user_list{false, "The users cannot be read.", {}};
  return user_list{true, {}, std::move(*found)};
}

caf::result<admin_answer> directory_state::set_alias(const put_alias& what) {
  const auto parts = split(what.address);
  if (!parts) return refuse(fmt::format("\"{}\" is not an address.", what.address));
  const auto domain = storage::find_domain(*with.from.system, parts->domain, reach);
  if (!domain) return refuse(fmt::format("There is no domain {}.", parts->domain));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  const bool exists = bool(storage::find_alias(*with.from.system, domain->id, parts->local, reach));
  if (what.targets.empty()) {
    if (!exists) return refuse(fmt::format("There is no alias {}.", what.address));
    storage::delete_alias(*batch, domain->id, parts->local);
    return write(batch, domain->name, {});
  }
  for (const auto& each : what.targets)
    if (!split(each)) return refuse(fmt::format("\"{}\" is not an address.", each));
  if (storage::find_account(*with.from.system, domain->id, parts->local, reach))
    return refuse(fmt::format("{} is a user.", what.address));
  const conf::stored_settings stored(domain->settings.begin(), domain->settings.end());
  const auto limit = conf::decode<conf::domain_settings>(stored).settings.max_user_aliases;
  const auto all = storage::read_aliases(*with.from.system, domain->id, "", size_t(limit) + 1, reach);
  if (!all) return refuse("The domain's aliases cannot be read.");
  if (!exists && all->size() >= limit)
    return refuse(fmt::format("The domain {} may have {} aliases.", domain->name, limit)); // DOM-58
  storage::put_alias(*batch, {domain->id, parts->local, what.targets});
  return write(batch, domain->name, {});
}

caf::result<alias_list> directory_state::aliases(const list_aliases& what) const {
  const auto name = smtp::canonical_domain(what.domain);
  const auto domain = name ? storage::find_domain(*with.from.system, *name, reach)
                           : storage::result<storage::domain_record>(storage::errc::not_found);
  if (!domain) return alias_list{false, fmt::format("There is no domain {}.", what.domain), {}};
  auto found = storage::read_aliases(*with.from.system, domain->id, what.from, what.limit, reach);
  if (!found) return alias_list{false, "The aliases cannot be read.", {}};
  return alias_list{true, {}, std::move(*found)};
}

caf::result<admin_answer> directory_state::alter_settings(const change_settings& what) {
  auto stored = storage::read_settings(*with.from.system, reach);
  if (!stored) return refuse("The settings cannot be read.");
  auto changed = *stored;
  if (auto wrong = change<conf::system_settings>(changed, what.settings); !wrong.empty())
    return refuse(std::move(wrong));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  for (const auto& [name, value] : *stored)
    if (changed.count(name) == 0) storage::delete_setting(*batch, name);
  for (const auto& [name, value] : changed) storage::put_setting(*batch, name, value);
  return write(batch, {}, {}, [this, changed] {
    const conf::stored_settings now(changed.begin(), changed.end());
    with.from.settings->set(conf::decode<conf::system_settings>(now).settings);
    forget_all_domains(); // they remember answers made under the old settings
  });
}

directory_actor::behavior_type directory(directory_actor::stateful_pointer<directory_state> self,
                                         directory_services with) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->set_down_handler([self](const caf::down_msg& gone) {
    auto& all = self->state.domains;
    for (auto i = all.begin(); i != all.end();) i = i->second.address() == gone.source ? all.erase(i) : std::next(i);
  });
  self->set_exit_handler([self](const caf::exit_msg& asked) {
    for (const auto& [name, each] : self->state.domains) self->send_exit(each, caf::exit_reason::user_shutdown);
    self->quit(asked.reason);
  });
  return {
      [self](const find_address& what) { return self->state.find(what.address); },
      [self](const expand_address& what) { return self->state.expand_all(what); },
      [self](const create_domain& what) { return self->state.add_domain(what); },
      [self](const delete_domain& what) { return self->state.remove_domain(what); },
      [self](const change_domain& what) { return self->state.alter_domain(what); },
      [self](list_domains) {
        auto found = storage::read_domains(*self->state.with.from.system, reach);
        return found ? domain_list{true, std::move(*found)} : domain_list{};
      },
      [self](const create_user& what) { return self->state.add_user(what); },
      [self](const delete_user& what) { return self->state.remove_user(what); },
      [self](const change_user& what) { return self->state.alter_user(what); },
      [self](const change_password& what) { return self->state.set_password(what); },
      [self](const list_users& what) { return self->state.users(what); },
      [self](const put_alias& what) { return self->state.set_alias(what); },
      [self](const list_aliases& what) { return self->state.aliases(what); },
      [self](const change_settings& what) { return self->state.alter_settings(what); },
  };
}

} // namespace stagepost::domain
