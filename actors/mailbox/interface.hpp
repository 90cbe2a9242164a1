#pragma once

#include "actors/atoms.hpp"
#include "protocols/imap/session.hpp"
#include "storage/batch.hpp"
#include "storage/records.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::mailbox {

using imap::outcome;

/// Who uses a folder. Nobody named: its owner, who may do everything.
struct visitor {
  account_id account;
  domain_id domain;
  bool administers = false; ///< the public folders of his domain: may do everything, too

  bool is_owner() const { return !account; }
};

// -- what a mailbox tells those who look at it
// ---------------------------------------------------------------------

/// Something changed in the folder being looked at, and it is on disk.
struct mailbox_changed {
  mailbox_id folder;
  imap::mailbox_update update;
};
/// The folder was deleted.
struct mailbox_gone {
  mailbox_id folder;
};
/// The folder has another name now.
struct folder_renamed {
  std::string name;
};
/// What a watcher understands. A connection with a selected folder is one.
using watcher_actor = caf::typed_actor<caf::reacts_to<mailbox_changed>, caf::reacts_to<mailbox_gone>>;

// -- one folder
// ----------------------------------------------------------------------------------------------------

/// A message to be put into a folder.
struct new_message {
  blob_id body;
  uint64_t size_bytes = 0;
  instant internal_date;
  stagepost::queue_id queue_id; ///< zero when it did not come through the spool
  uint32_t flags = 0;
  std::vector<std::string> keywords;
};

/// Look at the folder from now on: the answer is how it stands, and every later change comes as
/// mailbox_changed.
struct open_view {
  watcher_actor watcher; ///< nobody: only how it stands is asked
  visitor who = {};      ///< is told that the folder is gone when he may read it no more
};
/// The folder's owner lets others do more or less with it.
struct grants_changed {
  std::vector<storage::grant> grants;
};
struct leave_view {
  watcher_actor watcher;
};

/// A line for a message's trace, which the folder completes with its name and the UID.
struct trace_note {
  stagepost::queue_id queue_id; ///< zero: none wanted
  uint32_t number = 0;
  storage::trace_step step;
};

/// Puts messages in, in order. `with` holds what must become true together with it (the message itself, the
/// end of its wait in the spool); may be empty. `copied` makes sure the bodies are still there. `replaced`,
/// where it is not zero, goes with the same commit; without it nothing comes in (outcome::expunged).
struct insert_messages {
  std::vector<new_message> messages;
  std::shared_ptr<storage::batch> with;
  bool copied = false;
  trace_note note = {};
  uid replaced = {};
};
struct inserted {
  mailbox::outcome outcome = outcome::unavailable;
  mailbox_id folder;
  stagepost::uid_validity uid_validity;
  std::vector<uid> uids;
};

/// STORE by somebody who may not set every flag: the others stay as they are.
struct limited_store {
  imap::store_flags what;
  imap::rights may;
};

/// Messages as another folder needs them; those gone are left out. With `hold` the folder changes no more
/// until finish_move, and the answer carries the removal, to be committed with the insertion; it is added to
/// `into` where there is one.
struct read_for_copy {
  std::vector<uid> uids;
  bool hold = false;
  std::shared_ptr<storage::batch> into = {};
};
struct copied_out {
  mailbox::outcome outcome = outcome::unavailable;
  std::vector<uid> uids;
  std::vector<new_message> messages;
  std::shared_ptr<storage::batch> removal;
};
struct finish_move {
  bool committed = false;
};

struct status_answer {
  mailbox::outcome outcome = outcome::unavailable;
  imap::mailbox_status status;
};
struct view_answer {
  mailbox::outcome outcome = outcome::unavailable;
  mailbox_id folder;
  imap::selected_mailbox view;
};
struct outcome_answer {
  mailbox::outcome outcome = outcome::unavailable;
};

/// What all messages marked \Deleted take up (RFC 9208 4.1.4).
struct sum_deleted {};
struct deleted_sum {
  mailbox::outcome outcome = outcome::unavailable;
  uint64_t size_bytes = 0;
};

/// Takes messages out that are somewhere else now: nothing is kept to bring them back.
struct remove_moved {
  std::vector<uid> uids; ///< marked \Deleted
};

using mailbox_actor = caf::typed_actor<
    caf::replies_to<open_view>::with<view_answer>, caf::reacts_to<leave_view>, caf::reacts_to<grants_changed>,
    caf::replies_to<limited_store>::with<imap::stored>, caf::replies_to<insert_messages>::with<inserted>,
    caf::replies_to<imap::store_flags>::with<imap::stored>,
    caf::replies_to<imap::expunge>::with<outcome_answer>, caf::replies_to<read_for_copy>::with<copied_out>,
    caf::replies_to<remove_moved>::with<outcome_answer>, caf::replies_to<finish_move>::with<outcome_answer>,
    caf::replies_to<atom::status>::with<status_answer>, caf::replies_to<sum_deleted>::with<deleted_sum>,
    caf::reacts_to<folder_renamed>,
    // Answers when all changes asked for so far have ended.
    caf::replies_to<atom::flush>::with<outcome_answer>,
    // The folder was deleted: it takes no more changes, tells its watchers, and ends with the answer.
    caf::replies_to<atom::stop>::with<outcome_answer>>;

/// Takes away what is in folders that were deleted, in steps, also after a restart.
struct erase_contents {
  mailbox_id folder;
};
/// Takes away what is kept of an account's expunged messages: the account was erased, and the store has a
/// note of it.
struct erase_recoverable {
  account_id account;
};
using eraser_actor = caf::typed_actor<caf::reacts_to<erase_contents>, caf::reacts_to<erase_recoverable>>;

// -- one account
// ---------------------------------------------------------------------------------------------------

/// A session that holds on to the account; it is let go when the session ends.
struct attach_session {
  caf::actor_addr session;
};

/// It does so no more, though it lives on.
struct detach_session {
  caf::actor_addr session;
};

struct list_folders {};
struct folder_list {
  mailbox::outcome outcome = outcome::unavailable;
  std::vector<imap::mailbox_info> folders;
};

struct folder_status {
  std::string name;
  visitor who = {}; ///< must be allowed to read
};
struct open_folder {
  std::string name;
  visitor who = {};
  imap::rights needed =
      {}; ///< without these it is not opened; to whom may not even look it up it is not there
};
struct folder_opened {
  mailbox::outcome outcome = outcome::unavailable;
  mailbox_actor folder;
  mailbox_id id;
  stagepost::uid_validity uid_validity;
  imap::rights rights = imap::all_rights; ///< of who opens it
};

/// What somebody who is not the owner asks for, if he may.
template <class Order>
struct visit {
  Order order;
  visitor who;
};

/// What somebody may do with a folder now.
struct find_rights {
  mailbox_id folder;
  visitor who;
};
/// The same by name, told to those whom RFC 4314 lets know.
struct my_rights {
  std::string name;
  visitor who;
};
struct rights_found {
  mailbox::outcome outcome = outcome::unavailable;
  imap::rights rights;
};

/// Who may do what with a folder; asked and changed by those who may administer it.
struct read_grants {
  std::string name;
  visitor who = {};
};
struct grants_found {
  mailbox::outcome outcome = outcome::unavailable;
  std::vector<storage::grant> grants;
};
struct change_grant {
  std::string name;
  visitor who = {};
  storage::grantee_kind kind = storage::grantee_kind::user;
  uint64_t number = 0;   ///< of the account or the domain
  bool negative = false; ///< what is denied is changed, and not what is granted
  imap::rights_change how = imap::rights_change::replace;
  imap::rights rights;
};
/// A user is gone: no folder of the account names him any more.
struct revoke_grants {
  account_id from;
};
/// Subscribes the account's user to a folder of somebody else, or ends that.
struct subscribe_shared {
  account_id owner;
  mailbox_id folder;
  bool subscribed = true;
};

/// A message of a folder of the account that goes when others come in (RFC 8508).
struct replaced_message {
  mailbox_actor from; ///< empty: none is replaced
  mailbox_id from_id;
  stagepost::uid uid;
};

/// Puts messages into the folder of this name, if the quota allows. A folder is never made by this: where it
/// is missing, a delivery (plus addressing) goes to INBOX and anything else is refused. So a delivery finds
/// no_such_mailbox only when the account was deleted, and will for ever.
struct put_messages {
  std::string folder;
  insert_messages content;
  bool delivery = false; ///< mail from outside: goes to INBOX where the folder is missing
  replaced_message replaced = {};
  visitor who = {}; ///< must be allowed to insert; flags he may not set are left out (RFC 4314 4)
};

/// May this many octets come in? Asked at RCPT and before APPEND.
struct check_room {
  uint64_t size_bytes = 0;
};
struct room {
  bool enough = false;
};

struct copy_messages {
  mailbox_actor from;
  mailbox_id from_id;
  std::vector<uid> uids;
  std::string to;
  bool move = false;
  visitor who = {}; ///< may insert there and, with `move`, take away here
};

/// Brings a group of expunged messages back, the first from a place on: into the folder they were in, one of
/// its name where that is gone, or else into INBOX/Recovered, which is made.
struct recover_messages {
  std::string folder; ///< only what was in this one; empty: in any
  storage::recoverable_place from;
};
struct recovered {
  mailbox::outcome outcome = outcome::unavailable; ///< over_quota: the group is still there
  std::string folder;                              ///< where they are now
  uint64_t messages = 0;
  uint64_t lost = 0;  ///< whose bodies were not there any more
  bool ended = false; ///< there is no other group
  storage::recoverable_place next;
};

struct usage {
  uint64_t messages = 0;
  uint64_t size_bytes = 0;
  uint64_t quota_bytes = 0; ///< 0: unlimited
  uint64_t folders = 0;
  uint64_t most_folders = 0;
};

/// What a folder tells its account after each change, once it is on disk: the account sums up for the quota,
/// and tells those who watch it.
struct counters_changed {
  imap::mailbox_event::kind what = imap::mailbox_event::kind::flags_changed;
  imap::mailbox_status status; ///< after that change
};

/// Something happened in the account: to messages of any of its folders, to the list of these, or to
/// annotations.
struct account_changed {
  imap::mailbox_event event;
};
/// A connection whose client asked for that (RFC 5465).
using account_watcher_actor = caf::typed_actor<caf::reacts_to<account_changed>>;

/// Wants account_changed from now on, or no more. Of changes of the list and of annotations it caused itself
/// it hears nothing. The watcher is an attached session.
struct watch_account {
  account_watcher_actor watcher;
  bool wanted = true;
};

/// What is kept of the account's expunged messages became more or less.
struct recoverable_changed {};

/// Limits come from the directory, with whoever logged in or was found.
struct set_quota {
  uint64_t quota_bytes = 0;
};

using account_actor = caf::typed_actor<
    caf::reacts_to<attach_session>, caf::reacts_to<detach_session>,
    caf::replies_to<list_folders>::with<folder_list>, caf::replies_to<folder_status>::with<status_answer>,
    caf::replies_to<open_folder>::with<folder_opened>,
    caf::replies_to<imap::create_mailbox>::with<outcome_answer>,
    caf::replies_to<imap::delete_mailbox>::with<outcome_answer>,
    caf::replies_to<imap::rename_mailbox>::with<outcome_answer>,
    caf::replies_to<imap::subscribe_mailbox>::with<outcome_answer>,
    caf::replies_to<imap::write_annotations>::with<outcome_answer>,
    caf::replies_to<visit<imap::create_mailbox>>::with<outcome_answer>,
    caf::replies_to<visit<imap::delete_mailbox>>::with<outcome_answer>,
    caf::replies_to<visit<imap::rename_mailbox>>::with<outcome_answer>,
    caf::replies_to<visit<imap::write_annotations>>::with<outcome_answer>,
    caf::replies_to<find_rights>::with<rights_found>, caf::replies_to<my_rights>::with<rights_found>,
    caf::replies_to<read_grants>::with<grants_found>, caf::replies_to<change_grant>::with<outcome_answer>,
    caf::replies_to<revoke_grants>::with<outcome_answer>,
    caf::replies_to<subscribe_shared>::with<outcome_answer>, caf::replies_to<put_messages>::with<inserted>,
    caf::replies_to<check_room>::with<room>, caf::replies_to<copy_messages>::with<imap::copied>,
    caf::replies_to<atom::status>::with<usage>, caf::replies_to<recover_messages>::with<recovered>,
    caf::reacts_to<counters_changed>, caf::reacts_to<recoverable_changed>, caf::reacts_to<set_quota>,
    caf::reacts_to<watch_account>,
    // May it end? True, and it has: no session, nothing under way, idle long enough.
    caf::replies_to<atom::drain>::with<bool>>;

// -- all accounts of a shard
// ---------------------------------------------------------------------------------------

/// The account's actor, started on demand.
struct open_account {
  account_id account;
  uint64_t quota_bytes = 0;
  caf::actor_addr session; ///< who will hold on to it; may be empty
  bool is_public = false;  ///< holds public folders of a domain: has none but those that were made
};
struct account_opened {
  account_actor account;
};
/// Mail for an account, from the spool.
struct deliver_message {
  account_id account;
  uint64_t quota_bytes = 0;
  put_messages content;
};
/// Removes an account's mail for good, in steps.
struct erase_account {
  account_id account;
};

/// A user is gone: no folder of the shard names him any more.
struct forget_grantee {
  account_id account;
};

/// What was kept of these accounts' expunged messages became less.
struct recoverable_purged {
  std::vector<account_id> accounts;
};

using accounts_actor = caf::typed_actor<
    caf::replies_to<open_account>::with<account_opened>,
    caf::replies_to<forget_grantee>::with<outcome_answer>, caf::replies_to<deliver_message>::with<inserted>,
    caf::replies_to<erase_account>::with<outcome_answer>, caf::reacts_to<recoverable_purged>>;

/// Takes away expunged messages that were kept long enough. Asked by nobody; one per shard.
using purger_actor = caf::typed_actor<caf::reacts_to<atom::tick>>;

} // namespace stagepost::mailbox

// In-process values: they carry shared pages, batches and handles.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::grants_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::limited_store)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::visit<stagepost::imap::create_mailbox>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::visit<stagepost::imap::delete_mailbox>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::visit<stagepost::imap::rename_mailbox>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::visit<stagepost::imap::write_annotations>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::find_rights)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::my_rights)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::rights_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::read_grants)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::grants_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::change_grant)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::revoke_grants)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::subscribe_shared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::forget_grantee)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::mailbox_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::mailbox_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::open_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::leave_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::insert_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::inserted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::read_for_copy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::copied_out)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::finish_move)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::status_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::view_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::outcome_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::remove_moved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::sum_deleted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::deleted_sum)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::erase_recoverable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::erase_contents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::attach_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::detach_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::list_folders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::folder_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::folder_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::open_folder)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::folder_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::put_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::check_room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::copy_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::recover_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::recovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::usage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::folder_renamed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::recoverable_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::counters_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::account_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::watch_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::set_quota)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::open_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::account_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::deliver_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::recoverable_purged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::erase_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::store_flags)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::expunge)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::copied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::create_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::delete_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::rename_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::subscribe_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::imap::write_annotations)
