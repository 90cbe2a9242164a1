#include "actors/domain/address_book.hpp"

#include "conf/limits.hpp"
#include "conf/stored.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

namespace stagepost::domain {

namespace {

/// Users looked through for a domain administrator.
constexpr size_t most_looked_through = 500;

conf::stored_settings to_stored(const storage::setting_map& map) { return {map.begin(), map.end()}; }

/// The user or alias of just this name; `unknown` when there is none.
address_found look_up_exactly(const storage::store& system, const storage::domain_record& domain,
                              const conf::domain_settings& settings, const std::string& local_part) {
  address_found answer{address_kind::unknown, {}, true, settings.require_auth, domain.id};
  const auto account = storage::find_account(system, domain.id, local_part, storage::reach::disk);
  if (account) {
    answer.kind = settings_of(*account).disabled ? address_kind::disabled : address_kind::account;
    answer.target = target_of(*account, domain);
    return answer;
  }
  const auto alias = storage::find_alias(system, domain.id, local_part, storage::reach::disk);
  if (alias) answer.kind = address_kind::alias;
  if (account.error().code != storage::errc::not_found ||
      (!alias && alias.error().code != storage::errc::not_found))
    answer.kind = address_kind::unavailable;
  return answer;
}

/// RFC 5321 4.5.1, RFC 2142: postmaster and abuse always arrive. Without a user or alias of that name they go
/// to the first administrator of the domain, or else to its first user.
address_found look_up_reader(const storage::store& system, const storage::domain_record& domain,
                             address_found answer) {
  const auto users = storage::read_accounts(system, domain.id, "", most_looked_through, storage::reach::disk);
  if (!users) answer.kind = address_kind::unavailable;
  if (!users || users->empty()) return answer;
  const auto* reader = &users->front();
  for (const auto& each : *users)
    if (each.role == storage::account_role::domain_admin) {
      reader = &each;
      break;
    }
  answer.kind = address_kind::account;
  answer.target = target_of(*reader, domain);
  return answer;
}

} // namespace

conf::domain_settings settings_of(const storage::domain_record& domain) {
  return conf::decode<conf::domain_settings>(to_stored(domain.settings)).settings;
}

conf::user_settings settings_of(const storage::account_record& account) {
  return conf::decode<conf::user_settings>(to_stored(account.settings)).settings;
}

forwarding forwarding_of(const conf::user_settings& settings) {
  if (settings.forward_to.empty()) return forwarding::none;
  return settings.forward_keep_copy ? forwarding::with_copy : forwarding::away;
}

account_target target_of(const storage::account_record& account, const storage::domain_record& domain) {
  const auto settings = settings_of(account);
  const auto space = conf::mailbox_space_limit(settings_of(domain), settings);
  return {account.id,
          account.shard,
          space ? space->bytes : 0,
          smtp::to_string(smtp::mailbox{account.local_part, domain.name}),
          {},
          forwarding_of(settings),
          settings.auto_responder_enabled};
}

address_found look_up(const storage::store& system, const storage::domain_record& domain,
                      const conf::domain_settings& settings, const std::string& plus_separator,
                      const std::string& local_part) {
  auto answer = look_up_exactly(system, domain, settings, local_part);
  if (answer.kind != address_kind::unknown) return answer;
  const auto at = plus_separator.empty() ? local_part.npos : local_part.find(plus_separator);
  if (at != local_part.npos && at > 0) {
    auto base = look_up_exactly(system, domain, settings, local_part.substr(0, at));
    if (base.kind == address_kind::account) {
      const auto user = storage::read_account(system, base.target.account, storage::reach::disk);
      if (user && settings_of(*user).plus_addressing) {
        base.target.folder = local_part.substr(at + plus_separator.size());
        return base;
      }
    } else if (base.kind != address_kind::unknown) {
      return base;
    }
  }
  if (local_part == "postmaster" || local_part == "abuse") return look_up_reader(system, domain, answer);
  if (settings.catch_all && !settings.catch_all_target.empty()) {
    if (const auto target = smtp::parse_mailbox(settings.catch_all_target, true)) {
      auto caught = look_up_exactly(system, domain, settings, smtp::canonical_local(target->local));
      caught.target.caught = true;
      if (caught.kind == address_kind::account) return caught; // ALIAS-04: one account of the domain
    }
  }
  return answer;
}

} // namespace stagepost::domain
