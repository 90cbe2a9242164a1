#pragma once

#include "storage/batch.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"
#include "storage/trace_table.hpp"

#include <string>
#include <vector>

namespace stagepost::storage {

// Messages that were expunged and can be brought back: `recoverable`. A body stays under the reference that
// its message had (folder and UID): UIDs are never given twice, so nobody else needs it.

/// A message as it was.
struct recoverable_message {
  stagepost::uid uid;
  message_record message;
  uint32_t flags = 0;
  uint64_t keywords = 0; ///< bit n: the n-th of the group
};

/// Messages of one folder that were expunged together. Their UIDs are in one page (uids_per_page), so that
/// who knows a UID finds the group.
struct recoverable_group {
  mailbox_id folder;
  account_id account;
  instant expunged_at;
  std::string folder_name; ///< as it was then
  std::vector<std::string> keywords;
  std::vector<recoverable_message> messages; ///< ascending, never empty
};

bytes encode(const recoverable_group&);
/// The folder stands in the key.
result<recoverable_group> decode_recoverable(mailbox_id folder, bytes_view);

recoverable_place place_of(const recoverable_group& group);
/// The first place behind it.
recoverable_place after(recoverable_place place);

/// What a group holds, without reading it.
struct recoverable_sum {
  recoverable_place place;
  uint64_t messages = 0;
  uint64_t size_bytes = 0;
};
bytes encode(const recoverable_sum&);
/// The place stands in the key.
result<recoverable_sum> decode_recoverable_sum(const recoverable_place& place, bytes_view);

/// Keeps messages that the same batch deletes; `messages` of any pages, ascending, their references are left
/// alone. `head` has all else.
void keep_recoverable(batch& b, const recoverable_group& head,
                      const std::vector<recoverable_message>& messages);
/// Takes a group away with the references of its messages.
void delete_recoverable(batch& b, const recoverable_group& group);

/// The groups of an account from a place on, oldest first.
result<std::vector<recoverable_sum>> read_recoverable(const store&, account_id account,
                                                      const recoverable_place& from, size_t limit, reach);
result<recoverable_group> read_recoverable(const store&, const recoverable_place& place, reach);
/// What all that is kept of an account takes up.
result<uint64_t> sum_recoverable(const store&, account_id account, reach);

struct recoverable_purge {
  size_t groups = 0;                ///< taken
  std::vector<account_id> accounts; ///< of whom
};
/// Puts the removal of up to `limit` groups that were expunged before `end` into `b`, oldest first. A damaged
/// one stays for `verify` to find. Reads from the disk.
result<recoverable_purge> purge_recoverable(batch& b, const store&, instant end, size_t limit);

/// Notes that all that is kept of an account has to go: he was deleted.
void forget_recoverable(batch& b, account_id account);
result<std::vector<account_id>> read_forgotten(const store&, size_t limit, reach);
/// Puts the removal of up to `limit` groups of such an account into `b`. True when nothing is left after it,
/// and the note goes, too.
result<bool> delete_forgotten(batch& b, const store&, account_id account, size_t limit);

/// How the age of what is kept is counted: as that of traces.
void put_recoverable_age(batch& b, const trace_age& age);
/// errc::not_found until it was first put.
result<trace_age> read_recoverable_age(const store&, reach);

} // namespace stagepost::storage
