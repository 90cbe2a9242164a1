#include "storage/events.hpp"
#include "storage/key.hpp"
#include "storage/numbers.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/status.hpp"
#include "storage/store.hpp"

#include "storage/batch.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <utility>

namespace stagepost::storage {

namespace {

/// A group of batches is written as one, because RocksDB puts a batch into the log and syncs it before it
/// shows it to readers: when the sync fails nobody has seen anything, which several batches with one sync at
/// the end cannot promise. Beyond this size a group is written in parts, each with its own sync, to bound the
/// copy.
constexpr size_t group_limit_bytes = 32 << 20;

/// The serialized form of a batch is public (WriteBatch::Data, and a constructor that takes it) and is what
/// stands in the log: 8 octets of sequence, 4 octets of count in little-endian order, then the changes.
constexpr size_t batch_header_bytes = 12;
constexpr size_t batch_count_offset = 8;

class write_group {
public:
  bool empty() const { return count_ == 0; }
  size_t size_bytes() const { return only_ ? only_->GetDataSize() : joined_.size(); }

  void add(rocksdb::WriteBatch& writes) {
    if (writes.Count() == 0) return;
    if (empty()) {
      only_ = &writes;
    } else {
      if (only_) joined_ = std::exchange(only_, nullptr)->Data();
      joined_.append(writes.Data(), batch_header_bytes);
    }
    count_ += uint32_t(writes.Count());
  }

  /// The group as one batch. It may only be read until the next call.
  rocksdb::WriteBatch& joined() {
    if (only_) return *only_;
    for (unsigned i = 0; i < 4; ++i) joined_[batch_count_offset + i] = char(uint8_t(count_ >> (8 * i)));
    whole_ = rocksdb::WriteBatch(std::move(joined_));
    return whole_;
  }

private:
  rocksdb::WriteBatch* only_ = nullptr; ///< while there is one: not copied
  std::string joined_;
  rocksdb::WriteBatch whole_;
  uint32_t count_ = 0;
};

} // namespace

result<done> store::write(rocksdb::WriteBatch& writes, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = db_->Write(options, &writes);
  if (sync) ++events_->syncs;
  if (status.ok()) return done{};
  failed_with_ = to_failure(status);
  failed_ = true;
  return failed_with_;
}

result<done> store::check_required(const batch& b, const std::set<blob_id>& whole) const {
  for (const auto body : b.required_) {
    if (whole.contains(body)) continue;
    rocksdb::PinnableSlice value;
    const auto found = get(family::blobs, key::blob(body), value, reach::disk);
    if (!found && found.error().code == errc::not_found)
      return failure<errc>{errc::blob_gone, std::to_string(body.value)};
    if (!found) return found.error();
  }
  return done{};
}

std::vector<result<done>> store::commit(std::span<batch* const> batches) {
  std::vector<result<done>> answers(batches.size(), done{});
  std::set<blob_id> whole;      // bodies that became whole within this call
  std::vector<size_t> in_group; // which batches wait for the next write
  write_group group;

  const auto write_out = [&] {
    if (in_group.empty()) return;
    result<done> written = done{};
    if (failed_) written = failed_with_;
    if (!failed_ && !group.empty()) {
      rocksdb::WriteBatch marks;
      std::vector<std::pair<number_source*, uint64_t>> moved;
      for (auto* source : numbers_->all()) {
        const auto last = source->last.load();
        if (last <= source->marked) continue;
        moved.emplace_back(source, last + source->stride - 1);
        marks.Put(handle(family::meta), to_slice(source->name), encode_number(moved.back().second))
            .PermitUncheckedError();
      }
      group.add(marks);
      written = write(group.joined(), true);
      if (written)
        for (const auto& [source, mark] : moved) source->marked = mark;
    }
    for (const auto i : in_group) {
      answers[i] = written;
      if (!written) continue;
      staging_.insert(batches[i]->staged_.begin(), batches[i]->staged_.end());
      for (const auto body : batches[i]->unstaged_) staging_.erase(body);
      marked_.insert(batches[i]->marked_.begin(), batches[i]->marked_.end());
      ++events_->commits;
    }
    in_group.clear();
    group = {};
  };

  for (size_t i = 0; i < batches.size(); ++i) {
    auto& next = *batches[i];
    if (const auto there = check_required(next, whole); !there) {
      answers[i] = there;
      continue;
    }
    if (!group.empty() && group.size_bytes() + next.size_bytes() > group_limit_bytes) write_out();
    group.add(*next.writes_);
    in_group.push_back(i);
    whole.insert(next.whole_.begin(), next.whole_.end());
  }
  write_out();
  return answers;
}

bool store::failed() const { return failed_; }

result<done> store::resume() {
  if (const auto status = db_->Resume(); !status.ok()) return to_failure(status);
  failed_ = false;
  // Proves that the log can be written again.
  rocksdb::WriteBatch probe;
  probe.Put(handle(family::meta), "resumed", encode_number(1)).PermitUncheckedError();
  return write(probe, true);
}

} // namespace stagepost::storage
