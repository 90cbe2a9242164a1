#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/rebuild_run.hpp"
#include "storage/recoverable.hpp"

#include <algorithm>
#include <set>

namespace stagepost::storage {

namespace {

constexpr std::string_view nameless = "Recovered";

std::string name_of(mailbox_id folder) { return "mailbox " + std::to_string(folder.value); }

/// What the groups of expunged messages say of their folder.
std::optional<folder_copy> named_by_expunged(rebuild_run& run, mailbox_id folder) {
  std::optional<folder_copy> found;
  for (rebuild_run::cursor at(run, family::recoverable, key::recoverable(folder, {}).substr(0, 9));
       at.valid(); at.next())
    if (const auto group = decode_recoverable(folder, at.value()))
      found = folder_copy{group->account, {folder, group->folder_name, {}, 0, true}};
  return found;
}

/// What is known of a folder whose record is lost. `account` when its key is still there.
std::optional<folder_copy> find_identity(rebuild_run& run, mailbox_id folder,
                                         std::optional<account_id> account) {
  if (const auto value = run.get(family::changes, key::folder_copy(folder)))
    if (auto copy = decode_folder_copy(folder, *value)) return std::move(*copy);
  auto found = named_by_expunged(run, folder);
  if (!found && account) found = folder_copy{*account, {folder, {}, {}, 0, true}};
  return found;
}

/// The wanted name, or one like it that no other folder of the account has.
std::string free_name(rebuild_run& run, account_id account, mailbox_id folder, const std::string& wanted) {
  std::set<std::string> taken;
  for (rebuild_run::cursor at(run, family::folders, key::account(account)); at.valid(); at.next()) {
    const mailbox_id id{number_at(at.key(), 8)};
    const auto other = decode_folder(id, at.value());
    if (other && id != folder) taken.insert(other->name);
  }
  if (!wanted.empty() && !taken.contains(wanted)) return wanted;
  std::string name(nameless);
  for (int i = 2; taken.contains(name); ++i) name = std::string(nameless) + ' ' + std::to_string(i);
  return name;
}

/// Writes the record again; nothing when nobody knows whose the folder is, or he is no more.
std::optional<account_id> mend(rebuild_run& run, mailbox_id folder, std::optional<account_id> account) {
  auto known = find_identity(run, folder, account);
  if (run.broken) return std::nullopt;
  if (!known) {
    run.note(name_of(folder) + " has lost its record, and nobody knows whose it is");
    return std::nullopt;
  }
  if (account) known->account = *account;
  const auto erased = is_erased(run.shard, known->account, reach::disk);
  if (!erased) run.broken = erased.error();
  if (!erased || *erased) return std::nullopt;
  if (!run.concerns(known->account)) return known->account;
  auto& record = known->folder;
  record.name = free_name(run, known->account, folder, record.name);
  if (!record.uid_validity) record.uid_validity = run.shard.next_uid_validity();
  put_folder(run.writes, known->account, record);
  ++run.report.folders_restored;
  run.flush(); // the next one sees the name
  return known->account;
}

/// Folders that have a record, or had one under a key that is still there.
void read_recorded(rebuild_run& run) {
  for (rebuild_run::cursor at(run, family::folders, {}); at.valid(); at.next()) {
    const account_id account{number_at(at.key(), 0)};
    const mailbox_id folder{number_at(at.key(), 8)};
    run.owners.emplace_back(folder, account);
    if (!run.concerns(account)) continue;
    const auto record = decode_folder(folder, at.value());
    if (!record) {
      mend(run, folder, account);
      continue;
    }
    if (run.get(family::changes, key::folder_copy(folder)) == encode(folder_copy{account, *record})) continue;
    put_folder(run.writes, account, *record); // the copy was lost, or the folder is older than copies are
    run.make_room();
  }
  run.flush();
  std::sort(run.owners.begin(), run.owners.end());
}

/// The first folder from a number on that has anything in one of its tables.
std::optional<mailbox_id> next_filled(rebuild_run& run, mailbox_id from) {
  std::optional<mailbox_id> next;
  for (const auto f : {family::messages, family::flags, family::changes, family::mailbox_state}) {
    rebuild_run::cursor at(run, f, {}, key::mailbox(from));
    if (!at.valid()) continue;
    const mailbox_id found{number_at(at.key(), 0)};
    if (!next || found < *next) next = found;
  }
  return next;
}

} // namespace

void rebuild_folder_records(rebuild_run& run) {
  read_recorded(run);
  std::vector<std::pair<mailbox_id, account_id>> mended;
  for (auto at = next_filled(run, {}); at && !run.broken; at = next_filled(run, mailbox_id{at->value + 1})) {
    if (!run.owner_of(*at)) {
      const auto doomed = is_doomed(run.shard, *at, reach::disk);
      if (!doomed)
        run.broken = doomed.error();
      else if (!*doomed)
        if (const auto account = mend(run, *at, std::nullopt)) mended.emplace_back(*at, *account);
    }
    if (at->value == UINT64_MAX) break;
  }
  run.owners.insert(run.owners.end(), mended.begin(), mended.end());
  std::sort(run.owners.begin(), run.owners.end());
}

} // namespace stagepost::storage
