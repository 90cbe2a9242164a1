#include "tools/stagepostctl/restore.hpp"

#include "storage/backup.hpp"
#include "storage/durable_files.hpp"
#include "storage/renewal.hpp"
#include "storage/store.hpp"
#include "storage/store_swap.hpp"
#include "storage/verify.hpp"
#include "tools/stagepostctl/data_folder.hpp"
#include "tools/stagepostctl/must.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace stagepost::ctl {

namespace fs = std::filesystem;

namespace {

instant wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// The new stores until they are put in place; an exception takes them away.
class staging_folder {
public:
  explicit staging_folder(const std::string& data) : path_(data + '/' + storage::swap_staging) {
    fs::remove_all(path_);
  }
  ~staging_folder() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
  }
  staging_folder(const staging_folder&) = delete;
  staging_folder& operator=(const staging_folder&) = delete;
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

private:
  std::string path_;
  bool kept_ = false;
};

std::unique_ptr<storage::store> open_copy(storage::store_kind kind, const std::string& folder,
                                          uint32_t shard = 0) {
  storage::store_options options;
  options.shard = uint8_t(shard);
  return must(storage::store::open(kind, folder, options));
}

/// What the store in use has given out, if it can still be asked: it may be what made the restore necessary.
uint64_t given_by_present_store(const std::string& folder) {
  const auto found = storage::highest_uid_validity(folder);
  if (found) return *found;
  fmt::print(stderr, "{}: cannot be read ({}); the new UIDVALIDITYs are chosen without it\n", folder,
             found.error().detail);
  return 0;
}

/// Makes a copied shard fit to be used, and proves what its tables promise each other.
void prepare_shard(const std::string& staging, uint32_t number, const storage::store& directory,
                   const std::string& present) {
  const auto folder = fmt::format("{}/shard{}", staging, number);
  const auto in_backup = must(storage::highest_uid_validity(folder));
  const auto shard = open_copy(storage::store_kind::shard, folder, number);
  must(storage::remove_orphans(*shard, directory));
  must(storage::renew_uid_validities(
      *shard, storage::uid_validity_floor(in_backup, given_by_present_store(present), wall_clock())));
  storage::verify_options options;
  options.read_bodies = false; // they have checksums of their own, and there may be terabytes of them
  const auto report = must(storage::verify(*shard, options));
  if (!report.sound())
    throw std::runtime_error(fmt::format("the backup of shard{} is not sound: {} findings, the first: {}: {}",
                                         number, report.finding_count, report.findings.front().where,
                                         report.findings.front().what));
}

/// A restore that was cut off behind the point of no return. Answers whether it was one of this backup.
bool finish_earlier(const data_folder& data, const std::string& backup) {
  const auto swap = storage::read_swap(data.path());
  if (!swap && swap.error().code == storage::errc::not_found) return false;
  const auto note = must(swap);
  must(storage::finish_swap(data.path()));
  data.give_to_owner(data.path() + '/' + note.aside);
  fmt::print("finished the restore of {} that was cut off; what was there is in {}/{}\n", note.source,
             data.path(), note.aside);
  return note.source == backup;
}

std::string name_of_aside(const std::string& data) {
  const auto name =
      fmt::format("before-restore-{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::now()));
  auto free = name;
  for (int i = 2; fs::exists(fs::path(data) / free); ++i) free = fmt::format("{}-{}", name, i);
  return free;
}

} // namespace

void restore(const std::string& given, const conf::node_settings& node) {
  const auto backup = (fs::absolute(given) / "").lexically_normal().parent_path().string();
  const data_folder data(node);
  if (finish_earlier(data, backup)) return;
  const auto manifest = must(storage::read_backup(backup));
  if (manifest.shards != node.shards)
    throw std::runtime_error(
        fmt::format("{} has {} shards, but the node has {}", backup, manifest.shards, node.shards));

  staging_folder staging(data.path());
  must(storage::copy_backup(backup, manifest, staging.path(), [] { return false; }));
  {
    const auto directory = open_copy(storage::store_kind::system, staging.path() + "/system");
    for (uint32_t i = 0; i < node.shards; ++i)
      prepare_shard(staging.path(), i, *directory, fmt::format("{}/shard{}", data.path(), i));
  }
  data.give_to_owner(staging.path());
  must(storage::sync_tree(staging.path()));

  const storage::store_swap swap{backup, name_of_aside(data.path()), storage::store_names(node.shards)};
  staging.keep();
  must(storage::begin_swap(data.path(), swap));
  must(storage::finish_swap(data.path()));
  data.give_to_owner(data.path() + '/' + swap.aside);
  fmt::print("restored from {}; what was there is in {}/{}\n", backup, data.path(), swap.aside);
}

} // namespace stagepost::ctl
