#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::storage {

// The values of the column families (storage/README.md has the table of keys). Every record begins with its
// version octet; encode writes the newest, decode reads all. Fields are only ever added, by a new version.

/// A stored body: `blobs`.
struct blob_record {
  uint64_t size_bytes = 0;
  uint32_t chunks = 0;
  bytes digest; ///< parsed structure, opaque here
};

/// Who keeps a body alive: `blob_refs`. On disk: never renumber.
enum class blob_owner : uint8_t { spool = 1, mailbox = 2 };

/// What a folder's owner lets somebody else do with it, or keeps from him. On disk: never renumber.
enum class grantee_kind : uint8_t { user = 1, domain = 2 }; ///< domain: each of its users
struct grant {
  grantee_kind kind = grantee_kind::user;
  uint64_t number = 0;  ///< of the account or the domain
  uint16_t granted = 0; ///< rights as bits, as the protocol numbers them
  uint16_t denied = 0;  ///< these not, whoever grants them
};

/// A folder of an account: `folders`.
struct folder_record {
  mailbox_id id;
  std::string name; ///< UTF-8, levels separated by '/'; "INBOX" in capitals
  stagepost::uid_validity uid_validity;
  uint8_t use = 0; ///< special use, as the protocol numbers it
  bool subscribed = false;
  std::vector<grant> grants = {}; ///< one for each grantee, none empty; since version 2
};

/// What moves with every change of a folder: `mailbox_state`. Sums are exact: they are written with the
/// change.
struct mailbox_counters {
  uid uid_next{1};
  modseq highest_modseq{1};
  uint32_t messages = 0;
  uint32_t unseen = 0;
  uint32_t deleted = 0;
  uint64_t size_bytes = 0;
  std::vector<std::string> keywords; ///< bit n of message_entry::keywords
};

/// What never changes of a message in a folder: `messages`.
struct message_record {
  blob_id body;
  uint64_t size_bytes = 0;
  instant internal_date;
  instant saved_at;
  stagepost::queue_id queue_id; ///< zero when it did not come through the spool
};

/// What a message carried.
struct message_state {
  uint32_t flags = 0;
  uint64_t keywords = 0; ///< bit n: the n-th keyword of the folder

  friend bool operator==(const message_state&, const message_state&) = default;
};

/// A line of a folder's change log: `changes`. On disk: never renumber.
enum class change_kind : uint8_t { added = 1, flags = 2, expunged = 3 };
struct change_record {
  stagepost::modseq modseq;
  change_kind kind = change_kind::added;
  std::vector<uid> uids; ///< ascending
  instant at = {};       ///< 1970: nobody wrote it down; since version 2
  /// What each of them carried after the change, or when it was expunged; of all, or of none where they
  /// differ too much to be written down; since version 2.
  std::vector<message_state> states = {};
  /// All keywords of the folder, when the change brought a new one; since version 2.
  std::vector<std::string> keywords = {};
};

/// A second copy of a folder's record, which lies with its change log: what a folder is called, and whose it
/// is, is known when the first is lost.
struct folder_copy {
  account_id account;
  folder_record folder;
};

/// Where a group of expunged messages stands among those of its account: in order of time.
struct recoverable_place {
  instant expunged_at;
  mailbox_id folder;
  uid first;

  friend bool operator==(const recoverable_place&, const recoverable_place&) = default;
};

/// A message that waits in the spool: `spool`.
struct spool_record {
  stagepost::queue_id id;
  blob_id body;
  uint64_t size_bytes = 0;
  instant accepted_at;
  bytes envelope; ///< sender and parameters, opaque here; recipients have records of their own
  std::string sender;
  std::string authenticated_as;
  uint32_t recipients = 0;
};

/// PRIO-01.
inline constexpr uint8_t usual_priority = 5;
inline constexpr uint8_t highest_priority = 10;

/// Where one recipient of a waiting message stands: `spool_recipients`. On disk: never renumber.
enum class recipient_state : uint8_t {
  expanding = 1,
  local = 2,
  remote = 3,
  held = 4,
  bounced = 5,    ///< nobody can get it there, for the reason of the last reply; his sender is not told yet
  held_alias = 6, ///< an alias that is held before it was written out
  unchecked = 7,  ///< local or remote as soon as the command-line program has seen the message
  unchecked_alias = 8,
};
struct spool_recipient {
  uint32_t index = 0;
  std::string address; ///< as given
  recipient_state state = recipient_state::local;
  account_id account; ///< for local ones
  uint8_t shard = 0;  ///< of the account
  std::string folder; ///< target of plus addressing; empty: INBOX
  uint8_t notify = 0;
  std::string original_recipient;
  uint32_t attempts = 0;
  instant due_at;
  std::string last_reply;
  std::string destination; ///< of remote ones, where it is not the domain of the address: destination_of
  uint8_t priority = usual_priority; ///< of remote ones, 1 to 10; 10 goes first (PRIO-01)
  /// Attempts, of all that were made, at which the DNS had no such place (SPOOL-08); since version 3.
  uint32_t misses = 0;
  /// Something here kept him from being tried: `due_at` holds even without an attempt; since version 3.
  bool is_put_off = false;
  /// The priority is the administrator's: no rule changes it (PRIO-29); since version 4.
  bool is_priority_ordered = false;
};

/// A step in the life of a message: `trace`. On disk: never renumber.
enum class trace_kind : uint8_t {
  connected = 1,
  authenticated,
  envelope,
  accepted,
  check,
  expanded,
  routed,
  delivered,
  deferred,
  bounced,
  removed,
  held,          ///< of older versions: could not be delivered, and nobody was told
  refused,       ///< given back to the client that is still connected (LMTP)
  ordered,       ///< by the administrator
  untold,        ///< nobody got a report, because the sender cannot be reached
  forwarded,     ///< sent on by its recipient, as a message with a number of its own
  not_forwarded, ///< to addresses it cannot be sent on to
  replied,       ///< automatically, for its recipient, with a message of its own
  not_replied,   ///< though its recipient has mail answered
};
struct trace_step {
  instant at;
  trace_kind kind = trace_kind::connected;
  std::vector<std::pair<std::string, std::string>> facts; ///< name and value, for people and programs
};

bytes encode(const blob_record&);
bytes encode(const folder_record&);
bytes encode(const mailbox_counters&);
bytes encode(const message_record&);
bytes encode(const change_record&);
bytes encode(const folder_copy&);
bytes encode(const spool_record&);
bytes encode(const spool_recipient&);
bytes encode(const trace_step&);

result<blob_record> decode_blob(bytes_view);
/// The id stands in the key.
result<folder_record> decode_folder(mailbox_id, bytes_view);
result<mailbox_counters> decode_counters(bytes_view);
result<message_record> decode_message(bytes_view);
result<change_record> decode_change(stagepost::modseq, bytes_view);
result<folder_copy> decode_folder_copy(mailbox_id, bytes_view);
result<spool_record> decode_spool(stagepost::queue_id, bytes_view);
result<spool_recipient> decode_recipient(uint32_t index, bytes_view);
result<trace_step> decode_trace(bytes_view);

} // namespace stagepost::storage
