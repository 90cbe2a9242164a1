#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"

#include <string>

// What an administrator of a domain sets without the control socket: the space of its users.

namespace stagepost::domain {

caf::result<quota_changed> directory_state::alter_quota(const change_quota& what) {
  const auto& system = *with.from.system;
  const auto by = storage::read_account(system, what.by, directory_reach);
  const auto domain = storage::read_domain(system, what.domain, directory_reach);
  const auto known = storage::read_account(system, what.account, directory_reach);
  const auto is_broken = [](const auto& found) {
    return !found && found.error().code != storage::errc::not_found;
  };
  if (is_broken(by) || is_broken(domain) || is_broken(known)) return quota_changed{};
  // He may have been one when he logged in.
  if (!by || !domain || by->domain != domain->id || by->role != storage::account_role::domain_admin ||
      settings_of(*by).disabled)
    return quota_changed{quota_change::not_permitted, {}};
  if (!known || known->domain != domain->id || known->id == domain->public_folders)
    return quota_changed{quota_change::unknown, {}};
  const auto space = settings_of(*domain).disk_space;
  if (what.megabytes && space.bytes != 0 && *what.megabytes > space.bytes / conf::mb(1).bytes)
    return quota_changed{quota_change::beyond_domain, {}};
  auto changed = *known;
  const storage::setting_map settings{
      {"quota_mb", what.megabytes ? std::to_string(*what.megabytes) : std::string("unlimited")}};
  // A number that no octets can be counted by is more than any domain has.
  if (!change<conf::user_settings>(changed.settings, settings).empty())
    return quota_changed{quota_change::beyond_domain, {}};
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_account(*batch, changed);
  auto pending = self->make_response_promise<quota_changed>();
  open_answer<quota_changed> answer(pending);
  write_batch(std::move(batch), domain->name,
              [this, answer, target = target_of(changed, *domain)](const std::string& wrong) {
                if (!wrong.empty()) return answer.deliver(quota_changed{});
                // What a login found out is no longer so.
                self->send(with.logins, forget_logins{target.account});
                answer.deliver(quota_changed{quota_change::done, target});
              });
  return pending;
}

} // namespace stagepost::domain
