#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/records.hpp"

#include <string>

namespace stagepost::storage {

// Keys of all column families: numbers are big-endian, so that the order of keys is the order of numbers, and
// text comes last. On disk: never change (tests/storage/key_test.cpp has the octets).

namespace key {

bytes body(blob_id blob, uint32_t chunk);
bytes blob(blob_id blob);
bytes blob_ref(blob_id blob, blob_owner kind, uint64_t owner, uint32_t item);
bytes folder(account_id account, mailbox_id folder);
bytes account(account_id account);
bytes mailbox(mailbox_id folder);
bytes page(mailbox_id folder, uint32_t number);
bytes message(mailbox_id folder, uid id);
/// All kinds of change from `since` on begin at this key.
bytes change(mailbox_id folder, modseq at);
bytes change(mailbox_id folder, modseq at, change_kind kind);
/// For `changes`: the copy of the folder's record, before the first line.
bytes folder_copy(mailbox_id folder);
/// For `recoverable`: a group of expunged messages.
bytes recoverable(mailbox_id folder, uid first);
/// Its place among those of its account; without one, where these begin.
bytes recoverable_of(account_id account, const recoverable_place& place = {});
/// Its place among those of all, likewise.
bytes recoverable_at(const recoverable_place& place = {});
bytes queue(queue_id id);
/// For `spool_recipients`, `delivered` and `trace`.
bytes queue_item(queue_id id, uint32_t item);
/// By time, then by message.
bytes outbound_due(instant due_at, queue_id id, uint32_t index);
/// All of a destination.
bytes outbound_destination(std::string_view destination);
/// All of a destination with that priority: higher ones come first.
bytes outbound_priority(std::string_view destination, uint8_t priority);
bytes outbound_item(std::string_view destination, uint8_t priority, instant due_at, queue_id id,
                    uint32_t index);
bytes trace_id(uint64_t hash, queue_id id);
bytes trace_hash(uint64_t hash);
bytes domain(domain_id domain);
bytes gateway(uint64_t number);
/// For `statistics`: days since 1970.
bytes domain_day(domain_id domain, uint32_t day);
/// Where the rows of a day, counted since 1970, begin in `tls_results`.
bytes tls_results_of(uint32_t day);
/// For `account_names` and `aliases`, and for `signing_keys` with the selector.
bytes local_part(domain_id domain, std::string_view local_part);

} // namespace key

/// What a key of `outbound_destinations` says.
struct outbound_item_key {
  std::string_view destination;
  uint8_t priority = 0;
  instant due_at;
  queue_id id;
  uint32_t index = 0;
};

/// What a key of `blob_refs` says.
struct blob_ref_key {
  blob_id blob;
  blob_owner kind{};
  uint64_t owner = 0;
  uint32_t item = 0;
};

/// Takes keys apart: the number at an octet; zero when the key is too short to hold it.
uint64_t number_at(bytes_view key, size_t offset);
uint32_t small_number_at(bytes_view key, size_t offset);
/// False when it is not such a key.
bool take_blob_ref(bytes_view key, blob_ref_key& parts);
/// The same; `parts` looks into the key.
bool take_outbound_item(bytes_view key, outbound_item_key& parts);

/// What the two last kinds of key of `recoverable` end with.
recoverable_place recoverable_place_at(bytes_view key);

/// The first key after all that begin with `prefix`; empty when there is none.
bytes after_prefix(bytes_view prefix);

} // namespace stagepost::storage
