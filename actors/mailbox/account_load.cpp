#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "storage/mailboxes.hpp"

#include <utility>

namespace stagepost::mailbox {

namespace {

/// IMAP-14, with RFC 6154's uses: what a folder is for says its record, so that a name means nothing.
struct default_folder {
  std::string name;
  imap::special_use use;
};

std::vector<default_folder> default_folders(const conf::imap_settings& names) {
  return {{"INBOX", imap::special_use::none},
          {names.drafts_folder, imap::special_use::drafts},
          {names.sent_folder, imap::special_use::sent},
          {names.junk_folder, imap::special_use::junk},
          {names.trash_folder, imap::special_use::trash}};
}

} // namespace

storage::result<account_state::on_disk> account_state::read(const storage::store& from, account_id id,
                                                            bool with_recoverable, storage::reach reach) {
  on_disk all;
  auto records = storage::read_folders(from, id, reach);
  if (!records) return records.error();
  for (auto& record : *records) {
    folder each;
    const auto counters = storage::read_counters(from, record.id, reach);
    if (counters) {
      each.messages = counters->messages;
      each.size_bytes = counters->size_bytes;
    } else if (counters.error().code != storage::errc::not_found &&
               counters.error().code != storage::errc::damaged) {
      return counters.error(); // a folder that is damaged must not take the others along
    }
    each.record = std::move(record);
    all.folders.push_back(std::move(each));
  }
  if (with_recoverable) {
    const auto sum = storage::sum_recoverable(from, id, reach);
    if (!sum) return sum.error();
    all.recoverable_bytes = *sum;
  }
  // Only who has no folders may be gone; who is here for the first time has none either.
  if (!all.folders.empty()) return all;
  const auto erased = storage::is_erased(from, id, reach);
  if (!erased) return erased.error();
  all.erased = *erased;
  return all;
}

void account_state::load() {
  if (loading) return;
  const bool counts = counts_expunged(with);
  auto cached = read(*with.store, id, counts, storage::reach::cache);
  if (cached || cached.error().code != storage::errc::not_cached) return take(std::move(cached));
  loading = true;
  ++under_way;
  read_cold<on_disk>(
      self, with.readers,
      [store = with.store, id = id, counts](storage::reach reach) { return read(*store, id, counts, reach); },
      [this](storage::result<on_disk> found) {
        loading = false;
        --under_way;
        take(std::move(found));
        for (const auto& each : std::exchange(awaiting_load, {})) each();
      });
}

void account_state::take(storage::result<on_disk> found) {
  if (!found) return log::error("account {}: folders cannot be read: {}", id.value, found.error().detail);
  for (auto& each : found->folders) {
    auto key = each.record.name;
    folders.emplace(std::move(key), std::move(each));
  }
  loaded = true;
  erased = found->erased;
  recoverable_bytes = found->recoverable_bytes;
  // Who has any has an INBOX, or holds public folders.
  if (!erased && !is_public && folders.empty()) make_default_folders();
}

void account_state::when_loaded(std::function<void()> then) {
  if (!loaded) load(); // the disk may be well again
  if (loading)
    awaiting_load.push_back(std::move(then));
  else
    then();
}

void account_state::make_default_folders() {
  // The records go in front of the first message, in the same order to the same committer, and the folders'
  // changes are chained to them: a message can only be there when its folder is. If they fail the account is
  // loaded anew.
  auto batch = std::make_shared<storage::batch>(*with.store);
  const auto chain = std::make_shared<committer::chain>();
  const auto settings = with.settings ? with.settings->get() : nullptr;
  for (const auto& each : default_folders(settings ? settings->imap : conf::imap_settings{})) {
    if (folders.count(each.name) != 0) continue;
    folder made;
    made.record = {with.store->next_mailbox(), each.name, with.store->next_uid_validity(), uint8_t(each.use),
                   true};
    storage::put_folder(*batch, id, made.record);
    made.made_with = chain;
    storage::put_counters(*batch, made.record.id, {});
    folders.emplace(each.name, std::move(made));
  }
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, chain, lease})
      .then([](committer::committed) {},
            [this](caf::error& failed) {
              log::error("account {}: cannot make folders: {}", id.value, describe(failed));
              self->quit(failed);
            });
}

} // namespace stagepost::mailbox
