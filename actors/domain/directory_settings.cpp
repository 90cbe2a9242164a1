#include "actors/domain/directory.hpp"

#include "actors/domain/administration.hpp"

namespace stagepost::domain {

caf::result<admin_answer> directory_state::alter_settings(const change_settings& what) {
  auto stored = storage::read_settings(*with.from.system, directory_reach);
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
  });
}

} // namespace stagepost::domain
