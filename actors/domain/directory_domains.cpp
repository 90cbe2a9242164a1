#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/signing_keys.hpp"
#include "storage/statistics_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stagepost::domain {

caf::result<admin_answer> directory_state::add_domain(const create_domain& what) {
  const auto name = smtp::canonical_domain(what.name);
  if (!name || name->front() == '[') return refuse(fmt::format("\"{}\" is not a domain name.", what.name));
  if (storage::find_domain(*with.from.system, *name, directory_reach))
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
  const auto record = find_named_domain(*with.from.system, what.name);
  if (!record) return refuse(fmt::format("There is no domain {}.", what.name));
  const auto users = storage::read_accounts(*with.from.system, record->id, "", 1, directory_reach);
  if (!users || !users->empty())
    return refuse(fmt::format("The domain {} still has users; delete them first.", record->name));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  const auto aliases = storage::read_aliases(*with.from.system, record->id, "", size_t(-1), directory_reach);
  if (!aliases) return refuse("The domain's aliases cannot be read.");
  for (const auto& each : *aliases) storage::delete_alias(*batch, record->id, each.local_part);
  storage::delete_domain(*batch, *record);
  storage::delete_statistics(*batch, record->id);
  storage::delete_signing_keys(*batch, record->id);
  if (!record->public_folders) return write(batch, record->name, {});
  const auto holder = storage::read_account(*with.from.system, record->public_folders, directory_reach);
  if (!holder) return refuse("The domain's public folders cannot be read.");
  storage::delete_account(*batch, *holder);
  const storage::departed_account departed{holder->id, holder->shard};
  storage::put_departed(*batch, departed);
  return write(batch, record->name, {}, [this, departed] { erase_departed({departed}); });
}

caf::result<admin_answer> directory_state::alter_domain(const change_domain& what) {
  const auto record = find_named_domain(*with.from.system, what.name);
  if (!record) return refuse(fmt::format("There is no domain {}.", what.name));
  auto changed = *record;
  if (auto wrong = change<conf::domain_settings>(changed.settings, what.settings); !wrong.empty())
    return refuse(std::move(wrong));
  const auto limit = settings_of(changed).max_domain_aliases;
  for (const auto& each : what.drop_names) {
    const auto canonical = smtp::canonical_domain(each);
    const auto at = std::find(changed.aliases.begin(), changed.aliases.end(), canonical.value_or(""));
    if (at == changed.aliases.end())
      return refuse(fmt::format("The domain {} has no other name {}.", record->name, each));
    changed.aliases.erase(at);
  }
  for (const auto& each : what.add_names) {
    const auto canonical = smtp::canonical_domain(each);
    if (!canonical || canonical->front() == '[')
      return refuse(fmt::format("\"{}\" is not a domain name.", each));
    if (storage::find_domain(*with.from.system, *canonical, directory_reach) ||
        std::find(changed.aliases.begin(), changed.aliases.end(), *canonical) != changed.aliases.end())
      return refuse(fmt::format("The domain {} is there already.", *canonical));
    changed.aliases.push_back(*canonical);
  }
  if (changed.aliases.size() > limit)
    return refuse(fmt::format("The domain {} may have {} domain aliases.", record->name, limit));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_domain(*batch, changed, *record);
  return write(batch, record->name, {});
}

caf::result<way_out_found> directory_state::find_way_out_of(const std::string& domain) {
  const auto canonical = smtp::canonical_domain(domain);
  if (!canonical) return way_out_found{true, {}};
  const auto owner = actor_of(*canonical);
  if (owner) return self->delegate(*owner, find_way_out{*canonical});
  return way_out_found{owner.error().code == storage::errc::not_found, {}};
}

} // namespace stagepost::domain
