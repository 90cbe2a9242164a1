#include "storage/log_check.hpp"

#include "storage/log_scan.hpp"
#include "storage/options.hpp"
#include "storage/slice.hpp"
#include "storage/status.hpp"

#include "protocols/base/text.hpp"

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>

#include <algorithm>
#include <map>

namespace stagepost::storage {

namespace {

struct scanned_log {
  uint64_t number = 0;
  std::string name;
  log_scan found;
};

result<log_scan> scan_file(rocksdb::Env* env, const std::string& path, uint64_t expected) {
  uint64_t size = 0;
  if (const auto status = env->GetFileSize(path, &size); !status.ok()) return to_failure(status);
  std::unique_ptr<rocksdb::RandomAccessFile> file;
  if (const auto status = env->NewRandomAccessFile(path, &file, rocksdb::EnvOptions()); !status.ok())
    return to_failure(status);
  rocksdb::Status status;
  const log_source source = [&](uint64_t offset, size_t wanted, bytes& out) {
    out.resize(wanted);
    rocksdb::Slice got;
    status = file->Read(offset, wanted, &got, out.data());
    if (!status.ok()) return false;
    out = std::string(got.data(), got.size());
    return true;
  };
  log_scan found;
  if (!scan_log(size, expected, source, found)) return to_failure(status);
  return found;
}

/// All logs of the store, oldest first.
result<std::vector<scanned_log>> scan_logs(rocksdb::Env* env, const std::string& folder) {
  std::vector<std::string> names;
  if (const auto status = env->GetChildren(folder, &names); !status.ok()) return to_failure(status);
  std::vector<scanned_log> logs;
  for (const auto& name : names) {
    if (!name.ends_with(".log")) continue;
    const auto number = parse_number<uint64_t>(std::string_view(name).substr(0, name.size() - 4));
    if (number) logs.push_back({*number, name, {}});
  }
  std::sort(logs.begin(), logs.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  uint64_t expected = 0;
  for (auto& log : logs) {
    const auto found = scan_file(env, folder + "/" + log.name, expected);
    if (!found) return found.error();
    log.found = *found;
    expected = std::max(expected, log.found.next_sequence);
  }
  return logs;
}

/// What is wrong with the logs, as a sentence; empty when nothing is.
std::string damage_in(const std::vector<scanned_log>& logs) {
  const scanned_log* before = nullptr;
  for (const auto& log : logs) {
    const auto& found = log.found;
    if (found.sound_after)
      return "the log " + log.name + " is damaged at octet " + std::to_string(*found.broken_at) +
             ", and changes that come after it (octet " + std::to_string(*found.sound_after) +
             ") would be lost: restore the file, or the store from a backup";
    if (found.first_sequence == 0) continue;
    // A log ends torn when the power failed while it was written; the next then goes on exactly where its
    // whole records end. Where numbers are missing between two logs, the end of the older one is lost.
    if (before && found.first_sequence > before->found.next_sequence)
      return "changes " + std::to_string(before->found.next_sequence) + " to " +
             std::to_string(found.first_sequence - 1) + " are missing between the logs " + before->name +
             " and " + log.name + ": restore the files, or the store from a backup";
    before = &log;
  }
  return {};
}

/// Learns from the manifest which logs still count, and replays nothing.
class oldest_log_finder : public rocksdb::WalFilter {
public:
  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& numbers,
                                const std::map<std::string, uint32_t>&) override {
    for (const auto& [family, number] : numbers) oldest_ = std::min(oldest_, number);
  }
  WalProcessingOption LogRecordFound(unsigned long long, const std::string&, const rocksdb::WriteBatch&,
                                     rocksdb::WriteBatch*, bool*) override {
    return WalProcessingOption::kStopReplay;
  }
  const char* Name() const override { return "stagepost.oldest_log"; }
  uint64_t oldest() const { return oldest_ == UINT64_MAX ? 0 : oldest_; }

private:
  uint64_t oldest_ = UINT64_MAX;
};

/// The number of the oldest log that holds changes found nowhere else.
uint64_t oldest_needed_log(rocksdb::Env* env, const std::string& folder,
                           const std::vector<std::string>& families) {
  oldest_log_finder finder;
  rocksdb::DBOptions options;
  options.env = env;
  options.wal_filter = &finder;
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords; // only the manifest matters here
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (const auto& name : families) wanted.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, folder, wanted, &handles, &opened);
  if (!status.ok()) return finder.oldest();
  const std::unique_ptr<rocksdb::DB> db(opened);
  // A family without changes may name an older log than the one from which RocksDB begins.
  uint64_t kept = 0;
  db->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &kept);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  return std::max(finder.oldest(), kept);
}

result<done> check_logs(rocksdb::Env* env, const std::string& folder,
                        const std::vector<std::string>& families) {
  auto logs = scan_logs(env, folder);
  if (!logs) return logs.error();
  if (damage_in(*logs).empty()) return done{};
  // Logs whose changes all stand in tables are only waiting to be deleted, in any order: their gaps mean
  // nothing.
  const auto oldest = oldest_needed_log(env, folder, families);
  std::erase_if(*logs, [&](const auto& log) { return log.number < oldest; });
  if (const auto damage = damage_in(*logs); !damage.empty())
    return failure<errc>{errc::damaged, folder + ": " + damage};
  return done{};
}

result<done> check_families(store_kind kind, const std::vector<std::string>& found) {
  const auto& known = families_of(kind);
  for (const auto& name : found)
    if (std::none_of(known.begin(), known.end(), [&](family f) { return name_of(f) == name; }))
      return failure<errc>{errc::newer_version,
                           "the store has a family that this release does not know: " + name};
  return done{};
}

/// A store that lost its CURRENT file would be made anew, empty, by RocksDB.
result<done> check_nothing_there(rocksdb::Env* env, const std::string& folder) {
  std::vector<std::string> names;
  if (!env->GetChildren(folder, &names).ok()) return done{};
  for (const auto& name : names)
    if (name.ends_with(".log") || name.ends_with(".sst") || name.ends_with(".blob"))
      return failure<errc>{errc::damaged, folder + " has no file CURRENT, but " + name + " is there"};
  return done{};
}

} // namespace

result<done> check_before_open(rocksdb::Env* env, store_kind kind, const std::string& folder) {
  const auto current = env->FileExists(folder + "/CURRENT");
  if (current.IsNotFound()) return check_nothing_there(env, folder);
  if (!current.ok()) return to_failure(current);
  rocksdb::FileLock* lock = nullptr;
  if (const auto status = env->LockFile(folder + "/LOCK", &lock); !status.ok())
    return failure<errc>{errc::locked, folder + " is open already: " + status.ToString()};
  rocksdb::DBOptions options;
  options.env = env;
  std::vector<std::string> families;
  result<done> answer = to_result(rocksdb::DB::ListColumnFamilies(options, folder, &families));
  if (answer) answer = check_families(kind, families);
  if (answer) answer = check_logs(env, folder, families);
  env->UnlockFile(lock).PermitUncheckedError();
  return answer;
}

} // namespace stagepost::storage
