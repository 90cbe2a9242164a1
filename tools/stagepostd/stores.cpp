#include "tools/stagepostd/stores.hpp"

#include "actors/log/log.hpp"
#include "actors/upkeep/backup_job.hpp"
#include "storage/directory.hpp"
#include "storage/store_swap.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/write_buffer_manager.h>
#include <sodium.h>

#include <filesystem>
#include <stdexcept>

namespace stagepost::daemon {

namespace {

/// Says that a system store has been started once; no setting has this name.
constexpr const char* started_mark = "first_start.done";
constexpr const char* guise_name = "guise";
constexpr size_t guise_octets = 32;

/// The system store is small; it gets this of everything.
constexpr uint64_t system_memtable_bytes = 4 << 20;

std::shared_ptr<storage::store> open_one(storage::store_kind kind, const std::string& folder,
                                         const storage::store_options& options) {
  auto opened = storage::store::open(kind, folder, options);
  if (!opened)
    throw std::runtime_error(folder + ": " + to_string(opened.error().code) + ": " + opened.error().detail);
  return std::move(*opened);
}

void commit_now(storage::store& store, storage::batch& batch) {
  storage::batch* const one[] = {&batch};
  for (const auto& result : store.commit(one))
    if (!result) throw std::runtime_error(store.folder() + ": " + result.error().detail);
}

conf::system_settings read_settings(storage::store& system, const conf::stored_settings& first_start) {
  auto stored = storage::read_settings(system, storage::reach::disk);
  if (!stored)
    throw std::runtime_error(system.folder() + ": the settings cannot be read: " + stored.error().detail);
  if (stored->count(started_mark) == 0) {
    storage::batch batch(system);
    for (const auto& [name, value] : first_start) storage::put_setting(batch, name, value);
    storage::put_setting(batch, started_mark, "true");
    commit_now(system, batch);
    stored->insert(first_start.begin(), first_start.end());
  }
  const auto decoded =
      conf::decode<conf::system_settings>(conf::stored_settings(stored->begin(), stored->end()));
  for (const auto& each : decoded.refused)
    log::warn("setting {} is not used, its default is: {}", each.name, each.sentence);
  return decoded.settings;
}

std::string read_guise(storage::store& system, const storage::secret_key& key) {
  if (const auto sealed = storage::read_secret(system, guise_name, storage::reach::disk)) {
    auto plain = key.open(guise_name, *sealed);
    if (!plain)
      throw std::runtime_error("the secrets in the store do not open with the key of secrets_key_file; "
                               "is it the one this store was made with?");
    return std::move(*plain);
  }
  std::string fresh(guise_octets, '\0');
  randombytes_buf(fresh.data(), fresh.size());
  storage::batch batch(system);
  storage::put_secret(batch, guise_name, key.seal(guise_name, fresh));
  commit_now(system, batch);
  return fresh;
}

/// What other programs, or this one when it was cut off, may have left in the data folder.
void check_leavings(const std::string& data_folder) {
  const auto swap = storage::read_swap(data_folder);
  if (swap || swap.error().code != storage::errc::not_found)
    throw std::runtime_error("a restore was cut off while it put stores in place in " + data_folder +
                             "; run `stagepostctl restore " + (swap ? swap->source : "BACKUP") +
                             "` again, which finishes it" + (swap ? "" : " (" + swap.error().detail + ")"));
  // Stores of a backup that was cut off: they hold files of ours on the disk.
  std::error_code failed;
  std::filesystem::remove_all(data_folder + '/' + upkeep::backup_staging, failed);
  if (failed) log::warn("{}/{} cannot be removed: {}", data_folder, upkeep::backup_staging, failed.message());
  if (std::filesystem::exists(data_folder + '/' + storage::swap_staging, failed))
    log::warn("{}/{} was left by a restore that did not come to its end; it may be removed", data_folder,
              storage::swap_staging);
}

} // namespace

std::shared_ptr<opened_stores> open_stores(const conf::node_settings& node,
                                           const conf::stored_settings& first_start,
                                           const storage::secret_key& key) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
  check_leavings(node.data_folder);
  auto made = std::make_shared<opened_stores>();
  storage::store_options small;
  small.memtable_bytes = system_memtable_bytes;
  made->system = open_one(storage::store_kind::system, node.data_folder + "/system", small);
  made->settings = read_settings(*made->system, first_start);
  made->guise_secret = read_guise(*made->system, key);
  const auto& settings = made->settings.store;
  storage::store_options options;
  options.memtable_bytes = settings.memtable_size.bytes;
  options.memtables = int(settings.memtables);
  options.wal_limit_bytes = settings.wal_limit.bytes;
  options.blob_minimum_bytes = settings.blob_min_size.bytes;
  options.block_cache = rocksdb::NewLRUCache(settings.block_cache.bytes);
  // While much is written, memtables take the place of blocks that were read, so that a long import needs no
  // more memory than a busy day. They are only counted: when each is flushed its size says (0: no other
  // bound).
  options.write_buffers = std::make_shared<rocksdb::WriteBufferManager>(0, options.block_cache);
  // Mail of a store that is not opened would be out of reach, and its users without a mailbox.
  const auto beyond = node.data_folder + "/shard" + std::to_string(node.shards);
  if (std::filesystem::exists(beyond))
    throw std::runtime_error(beyond + " is there, but shards is " + std::to_string(node.shards) +
                             ": the number of stores is fixed once the data folder is made");
  for (uint32_t i = 0; i < node.shards; ++i) {
    options.shard = uint8_t(i);
    made->shards.push_back(
        open_one(storage::store_kind::shard, node.data_folder + "/shard" + std::to_string(i), options));
  }
  return made;
}

} // namespace stagepost::daemon
