#include "storage/numbers.hpp"

#include "storage/key.hpp"
#include "storage/small_records.hpp"
#include "storage/status.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

namespace {

constexpr unsigned blob_number_bits = 56;
constexpr int64_t milliseconds_at_2020 = 1'577'836'800'000;
constexpr unsigned queue_running_bits = 14;
constexpr unsigned queue_shard_bits = 8;
constexpr uint64_t queue_running_mask = (1u << queue_running_bits) - 1;
constexpr unsigned time_shift = queue_running_bits + queue_shard_bits;

uint64_t queue_time(instant at) {
  return uint64_t(std::max<int64_t>(unix_milliseconds(at) - milliseconds_at_2020, 1));
}

/// The first number of the last key in a family; zero when it is empty.
result<uint64_t> last_number(const store& in, family f) {
  rocksdb::ReadOptions options;
  const std::unique_ptr<rocksdb::Iterator> last(in.db().NewIterator(options, in.handle(f)));
  last->SeekToLast();
  if (!last->status().ok()) return to_failure(last->status());
  if (!last->Valid()) return uint64_t(0);
  return number_at({last->key().data(), last->key().size()}, 0);
}

} // namespace

queue_id queue_id_after(queue_id last, instant now, uint8_t shard) {
  auto ms = queue_time(now);
  uint64_t running = 0;
  const auto last_ms = last.value >> time_shift;
  if (ms <= last_ms) {
    // The clock stands, or went back: go on from the last one.
    ms = last_ms;
    running = (last.value & queue_running_mask) + 1;
    const bool other_shard = ((last.value >> queue_running_bits) & 0xff) != shard;
    if (running > queue_running_mask || other_shard) {
      ++ms;
      running = 0;
    }
  }
  return queue_id{ms << time_shift | uint64_t(shard) << queue_running_bits | running};
}

queue_id first_queue_id_at(instant at) { return queue_id{queue_time(at) << time_shift}; }

result<done> store::seed_numbers() {
  numbers_ = std::make_unique<numbers>();
  for (auto* source : numbers_->all()) {
    rocksdb::PinnableSlice value;
    const auto found = get(family::meta, source->name, value, reach::disk);
    if (!found && found.error().code == errc::not_found) continue;
    if (!found) return found.error();
    const auto mark = decode_number({value.data(), value.size()});
    if (!mark) return mark.error();
    source->last = source->marked = *mark;
  }
  if (kind_ == store_kind::system) return done{};
  uint64_t last = 0;
  for (const auto f : {family::spool, family::trace}) {
    const auto found = last_number(*this, f);
    if (!found) return found.error();
    last = std::max(last, *found);
  }
  numbers_->queue = last;
  return done{};
}

blob_id store::next_blob() { return blob_id{uint64_t(shard_) << blob_number_bits | numbers_->blobs.next()}; }
mailbox_id store::next_mailbox() { return mailbox_id{numbers_->mailboxes.next()}; }
domain_id store::next_domain() { return domain_id{numbers_->domains.next()}; }
account_id store::next_account() { return account_id{numbers_->accounts.next()}; }

stagepost::uid_validity store::next_uid_validity() {
  return stagepost::uid_validity{uint32_t(numbers_->uid_validity.next())};
}

queue_id store::next_queue_id(instant now) {
  auto last = numbers_->queue.load(std::memory_order_relaxed);
  for (;;) {
    const auto next = queue_id_after(queue_id{last}, now, shard_);
    if (numbers_->queue.compare_exchange_weak(last, next.value, std::memory_order_relaxed)) return next;
  }
}

} // namespace stagepost::storage
