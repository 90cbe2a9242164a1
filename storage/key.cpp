#include "storage/key.hpp"

#include <algorithm>

namespace stagepost::storage {

namespace {

/// Behind the name of a destination, which has none in it.
constexpr char end_of_name = '\0';
/// Priority, time, message and recipient behind it.
constexpr size_t outbound_tail_size = 1 + 8 + 8 + 4;
/// Priorities count downwards in keys, so that the highest is read first.
constexpr uint8_t priority_ceiling = 255;

uint64_t milliseconds_of(instant at) { return uint64_t(std::max<int64_t>(0, unix_milliseconds(at))); }

constexpr size_t blob_ref_key_size = 8 + 1 + 8 + 4;

bytes make(uint64_t number) {
  bytes out;
  append_big_endian(out, number);
  return out;
}

bytes make(uint64_t number, uint32_t item) {
  auto out = make(number);
  append_big_endian(out, item);
  return out;
}

bytes make(uint64_t first, uint64_t second) {
  auto out = make(first);
  append_big_endian(out, second);
  return out;
}

/// On disk: never renumber.
enum class recoverable_row : uint8_t { group = 1, of_account = 2, at_time = 3 };

constexpr size_t recoverable_place_size = 8 + 8 + 4;

void append_place(bytes& out, const recoverable_place& place) {
  if (place == recoverable_place{}) return; // where all of them begin
  append_big_endian(out, uint64_t(std::max<int64_t>(unix_milliseconds(place.expunged_at), 0)));
  append_big_endian(out, place.folder.value);
  append_big_endian(out, place.first.value);
}

} // namespace

namespace key {

bytes body(blob_id blob, uint32_t chunk) { return make(blob.value, chunk); }
bytes blob(blob_id blob) { return make(blob.value); }

bytes blob_ref(blob_id blob, blob_owner kind, uint64_t owner, uint32_t item) {
  bytes out;
  out.reserve(blob_ref_key_size);
  append_big_endian(out, blob.value);
  out.push_back(char(kind));
  append_big_endian(out, owner);
  append_big_endian(out, item);
  return out;
}

bytes folder(account_id account, mailbox_id folder) { return make(account.value, folder.value); }
bytes account(account_id account) { return make(account.value); }
bytes mailbox(mailbox_id folder) { return make(folder.value); }
bytes page(mailbox_id folder, uint32_t number) { return make(folder.value, number); }
bytes message(mailbox_id folder, uid id) { return make(folder.value, id.value); }
bytes change(mailbox_id folder, modseq at) { return make(folder.value, at.value); }

bytes change(mailbox_id folder, modseq at, change_kind kind) {
  auto out = make(folder.value, at.value);
  out.push_back(char(kind));
  return out;
}

bytes folder_copy(mailbox_id folder) {
  auto key = change(folder, modseq{});
  key.push_back(4); // not a kind of line
  return key;
}

bytes recoverable(mailbox_id folder, uid first) {
  bytes out(1, char(recoverable_row::group));
  append_big_endian(out, folder.value);
  append_big_endian(out, first.value);
  return out;
}

bytes recoverable_of(account_id account, const recoverable_place& place) {
  bytes out(1, char(recoverable_row::of_account));
  append_big_endian(out, account.value);
  append_place(out, place);
  return out;
}

bytes recoverable_at(const recoverable_place& place) {
  bytes out(1, char(recoverable_row::at_time));
  append_place(out, place);
  return out;
}

bytes queue(queue_id id) { return make(id.value); }
bytes queue_item(queue_id id, uint32_t item) { return make(id.value, item); }
bytes outbound_due(instant due_at, queue_id id, uint32_t index) {
  auto out = make(milliseconds_of(due_at), id.value);
  append_big_endian(out, index);
  return out;
}

bytes outbound_destination(std::string_view destination) {
  bytes out(destination);
  out.push_back(end_of_name);
  return out;
}

bytes outbound_priority(std::string_view destination, uint8_t priority) {
  auto out = outbound_destination(destination);
  out.push_back(char(priority_ceiling - priority));
  return out;
}

bytes outbound_item(std::string_view destination, uint8_t priority, instant due_at, queue_id id,
                    uint32_t index) {
  auto out = outbound_priority(destination, priority);
  out += outbound_due(due_at, id, index);
  return out;
}

bytes trace_id(uint64_t hash, queue_id id) { return make(hash, id.value); }
bytes trace_hash(uint64_t hash) { return make(hash); }
bytes domain(domain_id domain) { return make(domain.value); }
bytes gateway(uint64_t number) { return make(number); }
bytes domain_day(domain_id domain, uint32_t day) { return make(domain.value, day); }

bytes tls_results_of(uint32_t day) {
  bytes out;
  append_big_endian(out, day);
  return out;
}

bytes local_part(domain_id domain, std::string_view local_part) {
  auto out = make(domain.value);
  out.append(local_part);
  return out;
}

} // namespace key

uint64_t number_at(bytes_view key, size_t offset) {
  if (key.size() < offset + 8) return 0;
  return read_big_endian<uint64_t>(key.substr(offset));
}

uint32_t small_number_at(bytes_view key, size_t offset) {
  if (key.size() < offset + 4) return 0;
  return read_big_endian<uint32_t>(key.substr(offset));
}

bool take_blob_ref(bytes_view key, blob_ref_key& parts) {
  if (key.size() != blob_ref_key_size) return false;
  parts.blob = blob_id{number_at(key, 0)};
  parts.kind = blob_owner(uint8_t(key[8]));
  parts.owner = number_at(key, 9);
  parts.item = small_number_at(key, 17);
  return parts.kind == blob_owner::spool || parts.kind == blob_owner::mailbox;
}

bool take_outbound_item(bytes_view key, outbound_item_key& parts) {
  const auto end = key.find(end_of_name);
  if (end == key.npos || key.size() != end + 1 + outbound_tail_size) return false;
  parts.destination = key.substr(0, end);
  parts.priority = uint8_t(priority_ceiling - uint8_t(key[end + 1]));
  parts.due_at = from_unix_milliseconds(int64_t(number_at(key, end + 2)));
  parts.id = queue_id{number_at(key, end + 10)};
  parts.index = small_number_at(key, end + 18);
  return true;
}

recoverable_place recoverable_place_at(bytes_view key) {
  if (key.size() < recoverable_place_size) return {};
  const auto from = key.size() - recoverable_place_size;
  return {from_unix_milliseconds(int64_t(number_at(key, from))), mailbox_id{number_at(key, from + 8)},
          uid{small_number_at(key, from + 16)}};
}

bytes after_prefix(bytes_view prefix) {
  bytes out(prefix);
  while (!out.empty() && uint8_t(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = char(uint8_t(out.back()) + 1);
  return out;
}

} // namespace stagepost::storage
