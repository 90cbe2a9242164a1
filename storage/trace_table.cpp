#include "storage/trace_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/checksum.hpp"
#include "storage/key.hpp"
#include "storage/numbers.hpp"
#include "storage/record.hpp"
#include "storage/slice.hpp"
#include "storage/table_scan.hpp"

#include "protocols/base/text.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {

namespace {

/// The step number under which a trace keeps its Message-ID, so that who deletes it finds the key in
/// `trace_ids`. On disk: never change.
constexpr uint32_t message_id_number = UINT32_MAX;

constexpr bytes_view age_key = "trace_age"; // in `meta`. On disk: never change

std::string_view bare(std::string_view message_id) {
  message_id = trim(message_id);
  if (message_id.starts_with('<')) message_id.remove_prefix(1);
  if (message_id.ends_with('>')) message_id.remove_suffix(1);
  return message_id;
}

bytes trace_id_key(std::string_view bare_id, queue_id id) { return key::trace_id(checksum(bare_id), id); }

} // namespace

void put_trace(batch& b, queue_id id, uint32_t number, const trace_step& step) {
  batch_access::put(b, family::trace, key::queue_item(id, number), encode(step));
}

void put_trace_id(batch& b, std::string_view message_id, queue_id id) {
  const auto text = bare(message_id);
  if (text.empty()) return;
  batch_access::put(b, family::trace_ids, trace_id_key(text, id), text);
  batch_access::put(b, family::trace, key::queue_item(id, message_id_number), text);
}

result<std::vector<trace_step>> read_trace(const store& in, queue_id id, storage::reach reach) {
  std::vector<trace_step> out;
  std::optional<failure<errc>> broken;
  const auto scanned =
      in.scan(family::trace, key::queue(id), {}, reach, [&](bytes_view key, bytes_view value) {
        if (small_number_at(key, 8) == message_id_number) return false;
        auto step = decode_trace(value);
        if (step)
          out.push_back(std::move(*step));
        else
          broken = step.error();
        return !broken;
      });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return out;
}

result<std::vector<queue_id>> find_traces(const store& in, std::string_view message_id,
                                          storage::reach reach) {
  const auto text = bare(message_id);
  std::vector<queue_id> out;
  const auto scanned = in.scan(family::trace_ids, key::trace_hash(checksum(text)), {}, reach,
                               [&](bytes_view key, bytes_view value) {
                                 if (value == text) out.emplace_back(number_at(key, 8));
                                 return true;
                               });
  if (!scanned) return scanned.error();
  return out;
}

result<size_t> delete_traces(batch& b, const store& in, instant before, size_t limit) {
  const auto first_kept = first_queue_id_at(before);
  std::optional<failure<errc>> broken;
  queue_id current;
  bool waiting = false; // the current one is still in the spool
  size_t removed = 0;
  const auto scanned = in.scan(family::trace, {}, {}, reach::disk, [&](bytes_view key, bytes_view value) {
    const queue_id id{number_at(key, 0)};
    if (id >= first_kept) return false;
    if (id != current) {
      if (removed == limit) return false;
      rocksdb::PinnableSlice unused;
      const auto found = in.get(family::spool, key::queue(id), unused, reach::disk);
      if (!found && found.error().code != errc::not_found) {
        broken = found.error();
        return false;
      }
      current = id;
      waiting = found.ok();
      if (!waiting) ++removed;
    }
    if (waiting) return true;
    batch_access::remove(b, family::trace, key);
    if (small_number_at(key, 8) == message_id_number)
      batch_access::remove(b, family::trace_ids, trace_id_key(value, id));
    return true;
  });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return removed;
}

bytes encode(const trace_age& age) {
  record_writer out(1);
  out.time(age.looked_at).number(age.jumps.size());
  for (const auto& each : age.jumps)
    out.number(uint64_t(each.ahead.count())).number(uint64_t(each.since.count()));
  return out.take();
}

result<trace_age> decode_trace_age(bytes_view value) {
  record_reader in(value, 1);
  trace_age age;
  age.looked_at = in.time();
  age.jumps.resize(in.count(2));
  for (auto& each : age.jumps) {
    each.ahead = std::chrono::milliseconds(int64_t(in.number()));
    each.since = std::chrono::milliseconds(int64_t(in.number()));
  }
  if (const auto whole = in.finish("age of traces"); !whole) return whole.error();
  return age;
}

void put_trace_age(batch& b, const trace_age& age) {
  batch_access::put(b, family::meta, age_key, encode(age));
}

result<trace_age> read_trace_age(const store& in, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::meta, age_key, value, reach); !found) return found.error();
  return decode_trace_age({value.data(), value.size()});
}

} // namespace stagepost::storage
