#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"

#include <fmt/format.h>

namespace stagepost::domain {

caf::result<admin_answer> directory_state::set_alias(const put_alias& what) {
  const auto parts = split(what.address);
  if (!parts) return refuse(fmt::format("\"{}\" is not an address.", what.address));
  const auto domain = storage::find_domain(*with.from.system, parts->domain, directory_reach);
  if (!domain) return refuse(fmt::format("There is no domain {}.", parts->domain));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  const bool exists = bool(storage::find_alias(*with.from.system, domain->id, parts->local, directory_reach));
  if (what.targets.empty()) {
    if (!exists) return refuse(fmt::format("There is no alias {}.", what.address));
    storage::delete_alias(*batch, domain->id, parts->local);
    return write(batch, domain->name, {});
  }
  for (const auto& each : what.targets)
    if (!split(each)) return refuse(fmt::format("\"{}\" is not an address.", each));
  if (storage::find_account(*with.from.system, domain->id, parts->local, directory_reach))
    return refuse(fmt::format("{} is a user.", what.address));
  const auto limit = settings_of(*domain).max_user_aliases;
  const auto all =
      storage::read_aliases(*with.from.system, domain->id, "", size_t(limit) + 1, directory_reach);
  if (!all) return refuse("The domain's aliases cannot be read.");
  if (!exists && all->size() >= limit)
    return refuse(fmt::format("The domain {} may have {} aliases.", domain->name, limit)); // DOM-58
  storage::put_alias(*batch, {domain->id, parts->local, what.targets});
  return write(batch, domain->name, {});
}

caf::result<alias_list> directory_state::aliases(const list_aliases& what) const {
  const auto domain = find_named_domain(*with.from.system, what.domain);
  if (!domain) return alias_list{false, fmt::format("There is no domain {}.", what.domain), {}};
  auto found = storage::read_aliases(*with.from.system, domain->id, what.from, what.limit, directory_reach);
  if (!found) return alias_list{false, "The aliases cannot be read.", {}};
  return alias_list{true, {}, std::move(*found)};
}

} // namespace stagepost::domain
