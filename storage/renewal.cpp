#include "storage/renewal.hpp"

#include "storage/batch.hpp"
#include "storage/directory.hpp"
#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/recoverable.hpp"
#include "storage/sharing.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/status.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <vector>

namespace stagepost::storage {

namespace {

constexpr std::string_view mark_name = "uid_validity"; // as in numbers.hpp
/// More folders than were made between a backup and the loss of the store, when nobody can tell how many
/// there were.
constexpr uint64_t margin = 1'000'000;
constexpr size_t batch_limit_bytes = 4 << 20;

/// A store that is only looked at gets no log file from us.
struct silent_log : rocksdb::Logger {
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

result<done> write_synced(store& shard, rocksdb::WriteBatch& writes) {
  rocksdb::WriteOptions options;
  options.sync = true;
  return to_result(shard.db().Write(options, &writes));
}

/// Whether there still is who is meant.
result<done> find_grantee(const store& directory, const grant& each) {
  if (each.kind == grantee_kind::domain) {
    const auto domain = read_domain(directory, domain_id{each.number}, reach::disk);
    return domain ? result<done>(done{}) : result<done>(domain.error());
  }
  const auto account = read_account(directory, account_id{each.number}, reach::disk);
  return account ? result<done>(done{}) : result<done>(account.error());
}

/// Numbers of accounts made after the backup are given again: nobody must inherit what they were granted.
result<done> revoke_orphaned_grants(store& shard, const store& directory, account_id owner,
                                    const std::vector<folder_record>& folders) {
  for (const auto& folder : folders) {
    auto left = folder;
    left.grants.clear();
    for (const auto& each : folder.grants) {
      const auto known = find_grantee(directory, each);
      if (known)
        left.grants.push_back(each);
      else if (known.error().code != errc::not_found)
        return known.error();
    }
    if (left.grants.size() == folder.grants.size()) continue;
    batch b(shard);
    put_grants(b, owner, folder, left);
    batch* const all[] = {&b};
    if (const auto written = shard.commit(all).front(); !written) return written.error();
  }
  return done{};
}

} // namespace

result<uint64_t> highest_uid_validity(const std::string& folder) {
  std::error_code broken;
  if (!std::filesystem::exists(folder + "/CURRENT", broken)) return uint64_t(0);
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<silent_log>();
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_open_files = 64;
  const std::vector<rocksdb::ColumnFamilyDescriptor> meta{{rocksdb::kDefaultColumnFamilyName, {}}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, folder, meta, &handles, &opened);
  if (!status.ok()) return to_failure(status);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string value;
  const auto found = db->Get(rocksdb::ReadOptions(), handles.front(), to_slice(mark_name), &value);
  db->DestroyColumnFamilyHandle(handles.front()).PermitUncheckedError();
  if (!found.ok()) return to_failure(found);
  return decode_number(value);
}

uint64_t uid_validity_floor(uint64_t in_backup, uint64_t present, instant now) {
  // The counter begins with the time a store was made and counts folders, so it may be ahead of the clock.
  const auto clock = uint64_t(std::max<int64_t>(unix_seconds(now), 0));
  return std::max({clock, present, in_backup + margin});
}

result<size_t> renew_uid_validities(store& shard, uint64_t floor) {
  auto last = floor;
  size_t folders = 0;
  rocksdb::WriteBatch writes;
  result<done> outcome = done{};
  const auto write_out = [&] {
    if (last > std::numeric_limits<uint32_t>::max()) {
      outcome = failure<errc>{errc::damaged, shard.folder() + ": there is no UIDVALIDITY left"};
      return false;
    }
    writes.Put(shard.handle(family::meta), to_slice(mark_name), encode_number(last)).PermitUncheckedError();
    outcome = write_synced(shard, writes);
    writes.Clear();
    return outcome.ok();
  };
  const auto renew = [&](bytes_view key, bytes_view value) {
    auto folder = decode_folder(mailbox_id{number_at(key, 8)}, value);
    if (!folder) {
      outcome = folder.error();
      return false;
    }
    folder->uid_validity = stagepost::uid_validity{uint32_t(++last)};
    writes.Put(shard.handle(family::folders), to_slice(key), encode(*folder)).PermitUncheckedError();
    writes
        .Put(shard.handle(family::changes), to_slice(key::folder_copy(folder->id)),
             encode(folder_copy{account_id{number_at(key, 0)}, *folder}))
        .PermitUncheckedError();
    ++folders;
    return writes.GetDataSize() < batch_limit_bytes || write_out();
  };
  const auto read = shard.scan(family::folders, {}, {}, reach::disk, renew);
  if (!outcome) return outcome.error();
  if (!read) return read.error();
  if (!write_out()) return outcome.error();
  return folders;
}

result<size_t> remove_orphans(store& shard, const store& directory) {
  std::map<account_id, std::vector<folder_record>> folders;
  const auto read = shard.scan(family::folders, {}, {}, reach::disk, [&](bytes_view key, bytes_view value) {
    const mailbox_id id{number_at(key, 8)};
    auto folder = decode_folder(id, value);
    folders[account_id{number_at(key, 0)}].push_back(folder ? std::move(*folder) : folder_record{id, {}, {}});
    return true;
  });
  if (!read) return read.error();
  size_t removed = 0;
  for (const auto& [account, gone] : folders) {
    const auto known = read_account(directory, account, reach::disk);
    if (known) {
      if (const auto revoked = revoke_orphaned_grants(shard, directory, account, gone); !revoked)
        return revoked.error();
      continue;
    }
    if (known.error().code != errc::not_found) return known.error();
    batch b(shard);
    for (const auto& each : gone) delete_folder(b, account, each);
    forget_recoverable(b, account);
    delete_subscriptions(b, account);
    batch* const all[] = {&b};
    if (const auto written = shard.commit(all).front(); !written) return written.error();
    removed += gone.size();
  }
  return removed;
}

} // namespace stagepost::storage
