#include "actors/upkeep/backup_job.hpp"

#include "actors/wall_clock.hpp"
#include "storage/backup.hpp"
#include "storage/durable_files.hpp"

#include <chrono>
#include <filesystem>

namespace stagepost::upkeep {

namespace fs = std::filesystem;

using storage::errc;

namespace {

failure<errc> cannot_make(const fs::path& folder, const std::error_code& why) {
  return {errc::io_error, folder.string() + " cannot be made: " + why.message() + "."};
}

/// For a folder on another file system.
std::string unfinished(const std::string& folder) { return folder + ".part"; }

} // namespace

backup_job::backup_job(all_stores stores, std::string folder, std::stop_token stop)
    : stores_(std::move(stores)), folder_(std::move(folder)), stop_(std::move(stop)) {
  staging_ = (fs::path(stores_.system->folder()).parent_path() / backup_staging).string();
  while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
}

storage::result<done> backup_job::check_stop() const {
  if (stop_.stop_requested()) return failure<errc>{errc::io_error, "The server is stopping."};
  return done{};
}

storage::result<done> backup_job::prepare() {
  std::error_code failed;
  if (fs::exists(folder_, failed)) return failure<errc>{errc::io_error, folder_ + " is there already."};
  // It may have been left by a backup that was cut off, or be anybody's: not ours to remove.
  if (fs::exists(unfinished(folder_), failed))
    return failure<errc>{errc::io_error, unfinished(folder_) + " is there already, and in the way."};
  clear();
  fs::create_directories(fs::path(folder_).parent_path(), failed);
  if (failed) return cannot_make(fs::path(folder_).parent_path(), failed);
  fs::create_directory(staging_, failed);
  if (!failed) fs::permissions(staging_, fs::perms::owner_all, failed);
  if (failed) return cannot_make(staging_, failed);
  return check_stop();
}

// Why a backup of several stores is one moment.
//
// No batch spans two stores, so each copy is sound in itself; what has to agree is what one store knows of
// another.
//
// Between shards. A message in shard A's spool for a mailbox in shard B is (1) inserted in B, with a note
// under its queue number, (2) taken out of A's spool, (3) the note in B is dropped; each on disk before the
// next (delivery/local.cpp). A copy of A before 2 and of B after 3 would deliver it again, for the note is
// gone; a copy of B before 1 and of A after 2 would have it nowhere. Both need a 2 between the two copies.
// Mail goes both ways, so no order of copies is right for all pairs; instead nothing crosses while the copies
// are made: `hold_crossings` is answered when every 1 that was begun has its 2, and no other 1 begins until
// the last shard is copied. So there is no 2 between any two copies, and a message is whole in A's spool or
// whole in B's mailbox. Step 3 may fall anywhere: with 2 in A's copy nobody asks for the note, and a note
// left over costs a few octets. Where it is not known whether a 1 came true (its folder failed), the message
// stays in A's spool and B has either nothing or the message with its note: the next try after a restore
// finds out which. What the first shard's copy caused elsewhere cannot be in a later copy either, so numbers
// of recipients that an alias got after A was copied never meet a note in B.
//
// The directory last. Accounts are made in it before their mail, so it knows all that the shards hold mail
// of. Were it copied first, an account made meanwhile would be unknown, its number given again after a
// restore, and the next user would find a stranger's mail. An account deleted meanwhile leaves folders of
// nobody in a shard; restoring takes them away (storage/renewal.hpp), and its number is not given again.
storage::result<done> backup_job::take_shards() {
  const auto names = storage::store_names(uint32_t(stores_.shards.size()));
  for (size_t i = 0; i < stores_.shards.size(); ++i) {
    if (const auto go_on = check_stop(); !go_on) return go_on;
    if (const auto made = stores_.shards[i]->checkpoint(staging_ + '/' + names[i]); !made) return made;
  }
  return done{};
}

storage::result<done> backup_job::finish() {
  if (const auto go_on = check_stop(); !go_on) return go_on;
  if (const auto made = stores_.system->checkpoint(staging_ + "/system"); !made) return made;
  if (const auto sealed = storage::seal_backup(staging_, uint32_t(stores_.shards.size()), wall_clock());
      !sealed)
    return sealed;
  const auto published = publish();
  clear();
  return published;
}

storage::result<done> backup_job::publish() {
  if (const auto go_on = check_stop(); !go_on) return go_on;
  std::error_code failed;
  if (fs::exists(folder_, failed)) return failure<errc>{errc::io_error, folder_ + " is there already."};
  fs::rename(staging_, folder_, failed);
  if (!failed) return storage::sync_path(fs::path(folder_).parent_path().string());
  if (failed != std::errc::cross_device_link) return cannot_make(folder_, failed);
  const auto manifest = storage::read_backup(staging_);
  if (!manifest) return manifest.error();
  const auto stopped = [this] { return stop_.stop_requested(); };
  copying_ = true;
  if (const auto copied = storage::copy_backup(staging_, *manifest, unfinished(folder_), stopped); !copied) {
    if (const auto go_on = check_stop(); !go_on) return go_on;
    return copied;
  }
  // Last, so that a copy that is cut off is no backup.
  if (const auto written = storage::write_durably(unfinished(folder_) + '/' + storage::manifest_name,
                                                  storage::to_text(*manifest));
      !written)
    return written;
  if (const auto moved = storage::move_durably(unfinished(folder_), folder_); !moved) return moved;
  copying_ = false;
  return done{};
}

void backup_job::clear() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  if (copying_) fs::remove_all(unfinished(folder_), ignored);
}

} // namespace stagepost::upkeep
