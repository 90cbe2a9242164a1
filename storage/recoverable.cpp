#include "storage/recoverable.hpp"

#include "protocols/base/mailbox_page.hpp"
#include "storage/batch_access.hpp"
#include "storage/blobs.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/table_scan.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <optional>

namespace stagepost::storage {

namespace {

// In `meta`; on disk: never change.
constexpr std::string_view forgotten_prefix = "forget/";
constexpr bytes_view age_key = "recoverable_age";

bytes forgotten_key(account_id account) {
  bytes key(forgotten_prefix);
  append_big_endian(key, account.value);
  return key;
}

recoverable_sum sum_of(const recoverable_group& group) {
  recoverable_sum sum{place_of(group), group.messages.size(), 0};
  for (const auto& each : group.messages) sum.size_bytes += each.message.size_bytes;
  return sum;
}

void put_group(batch& b, const recoverable_group& group) {
  const auto place = place_of(group);
  batch_access::put(b, family::recoverable, key::recoverable(place.folder, place.first), encode(group));
  batch_access::put(b, family::recoverable, key::recoverable_of(group.account, place), encode(sum_of(group)));
  batch_access::put(b, family::recoverable, key::recoverable_at(place), {});
}

/// Calls `take` with up to `limit` groups whose places come one after another. A group that is damaged, or
/// not there, is passed over.
template <class Places>
result<size_t> delete_groups(batch& b, const store& in, const Places& places,
                             std::vector<account_id>* of = nullptr) {
  size_t groups = 0;
  for (const auto& place : places) {
    const auto group = read_recoverable(in, place, reach::disk);
    if (!group && (group.error().code == errc::damaged || group.error().code == errc::not_found)) continue;
    if (!group) return group.error();
    delete_recoverable(b, *group);
    if (of && std::find(of->begin(), of->end(), group->account) == of->end()) of->push_back(group->account);
    ++groups;
  }
  return groups;
}

} // namespace

recoverable_place place_of(const recoverable_group& group) {
  return {group.expunged_at, group.folder, group.messages.front().uid};
}

recoverable_place after(recoverable_place place) {
  place.first = uid{place.first.value + 1}; // below 2^32 - 1: the last UID is never given
  return place;
}

void keep_recoverable(batch& b, const recoverable_group& head,
                      const std::vector<recoverable_message>& messages) {
  auto group = head;
  group.messages.clear();
  for (const auto& each : messages) {
    if (!group.messages.empty() &&
        group.messages.front().uid.value / uids_per_page != each.uid.value / uids_per_page) {
      put_group(b, group);
      group.messages.clear();
    }
    group.messages.push_back(each);
  }
  if (!group.messages.empty()) put_group(b, group);
}

void delete_recoverable(batch& b, const recoverable_group& group) {
  const auto place = place_of(group);
  batch_access::remove(b, family::recoverable, key::recoverable(place.folder, place.first));
  batch_access::remove(b, family::recoverable, key::recoverable_of(group.account, place));
  batch_access::remove(b, family::recoverable, key::recoverable_at(place));
  for (const auto& each : group.messages)
    drop_reference(b, each.message.body, blob_owner::mailbox, group.folder.value, each.uid.value);
}

result<std::vector<recoverable_sum>> read_recoverable(const store& in, account_id account,
                                                      const recoverable_place& from, size_t limit,
                                                      storage::reach reach) {
  return collect_records<recoverable_sum>(in, family::recoverable, key::recoverable_of(account),
                                          key::recoverable_of(account, from), limit, reach,
                                          [](bytes_view key, bytes_view value) {
                                            return decode_recoverable_sum(recoverable_place_at(key), value);
                                          });
}

result<recoverable_group> read_recoverable(const store& in, const recoverable_place& place,
                                           storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::recoverable, key::recoverable(place.folder, place.first), value, reach);
  if (!found) return found.error();
  return decode_recoverable(place.folder, to_view(value));
}

result<uint64_t> sum_recoverable(const store& in, account_id account, storage::reach reach) {
  uint64_t sum = 0;
  std::optional<failure<errc>> broken;
  const auto scanned = in.scan(family::recoverable, key::recoverable_of(account), {}, reach,
                               [&](bytes_view key, bytes_view value) {
                                 const auto each = decode_recoverable_sum(recoverable_place_at(key), value);
                                 if (each)
                                   sum += each->size_bytes;
                                 else
                                   broken = each.error();
                                 return !broken;
                               });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return sum;
}

result<recoverable_purge> purge_recoverable(batch& b, const store& in, instant end, size_t limit) {
  recoverable_purge purge;
  std::optional<failure<errc>> broken;
  const auto scanned =
      in.scan(family::recoverable, key::recoverable_at(), {}, reach::disk, [&](bytes_view key, bytes_view) {
        const auto place = recoverable_place_at(key);
        if (place.expunged_at >= end) return false;
        const auto deleted = delete_groups(b, in, std::vector{place}, &purge.accounts);
        if (!deleted) {
          broken = deleted.error();
          return false;
        }
        purge.groups += *deleted;
        return purge.groups < limit;
      });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return purge;
}

void forget_recoverable(batch& b, account_id account) {
  batch_access::put(b, family::meta, forgotten_key(account), {});
}

result<std::vector<account_id>> read_forgotten(const store& in, size_t limit, storage::reach reach) {
  std::vector<account_id> found;
  const auto scanned = in.scan(family::meta, forgotten_prefix, {}, reach, [&](bytes_view key, bytes_view) {
    found.emplace_back(number_at(key, forgotten_prefix.size()));
    return found.size() < limit;
  });
  if (!scanned) return scanned.error();
  return found;
}

result<bool> delete_forgotten(batch& b, const store& in, account_id account, size_t limit) {
  // One more than goes now: whether there is more is seen, and a damaged one does not stop the others.
  std::vector<recoverable_place> places;
  const auto scanned = in.scan(family::recoverable, key::recoverable_of(account), {}, reach::disk,
                               [&](bytes_view key, bytes_view) {
                                 places.push_back(recoverable_place_at(key));
                                 return places.size() <= limit;
                               });
  if (!scanned) return scanned.error();
  const bool last = places.size() <= limit;
  if (!last) places.pop_back();
  const auto deleted = delete_groups(b, in, places);
  if (!deleted) return deleted.error();
  // Steps that take nothing would never end.
  if (!last && *deleted != 0) return false;
  batch_access::remove(b, family::meta, forgotten_key(account));
  return true;
}

void put_recoverable_age(batch& b, const trace_age& age) {
  batch_access::put(b, family::meta, age_key, encode(age));
}

result<trace_age> read_recoverable_age(const store& in, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::meta, age_key, value, reach); !found) return found.error();
  return decode_trace_age(to_view(value));
}

} // namespace stagepost::storage
