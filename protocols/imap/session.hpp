#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/mailbox_page.hpp"
#include "protocols/base/units.hpp"
#include "protocols/imap/rights.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "protocols/mime/digest.hpp"
#include "protocols/mime/time_zone.hpp"
#include "protocols/sasl/exchange.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace stagepost::imap {

/// What holds for one connection: the settings, resolved by whoever accepted it.
struct session_settings {
  std::string host_name = "localhost";
  std::string banner; ///< IMAP-01 with its variables filled in; one line, no "* OK"
  bool tls_offered = false;
  bool login_needs_tls = true;
  std::vector<sasl::mechanism> mechanisms;
  size_t max_bad_commands = 8;         ///< IMAP-03; 0: no limit
  bool idle = true;                    ///< IMAP-05
  bool rev2 = true;                    ///< announces IMAP4rev2 and lets clients enable it
  size_t max_line_bytes = 65536;       ///< of a command without its literals; at most 16 KiB before login
  size_t max_literal_bytes = 65536;    ///< of a literal that is not a message; at most 4 KiB before login
  uint64_t max_append_bytes = 0;       ///< of a message; 0: no limit
  size_t max_annotation_bytes = 65536; ///< of the value of an annotation
  size_t max_annotations = 100;        ///< of a mailbox, or of the account beside its mailboxes
  uint32_t message_limit = 0;          ///< messages one command may touch (RFC 9738); 0: no limit
  char separator = '/';
  std::string languages = "en de"; ///< of FUZZY: codes with blanks between, search/fuzzy.hpp
};

// -- values -----------------------------------------------------------------------------------------------

/// RFC 6154 uses. On disk: never renumber.
enum class special_use : uint8_t { none, archive, drafts, flagged, junk, sent, trash, all };

/// A folder as LIST shows it. `name` is UTF-8 with the separator; the session does modified UTF-7 for
/// IMAP4rev1.
struct mailbox_info {
  std::string name;
  special_use use = special_use::none;
  bool subscribed = false;
  bool no_select = false; ///< exists only as a level above others
  bool foreign = false;   ///< somebody else's, or the domain's
  imap::rights rights = all_rights;
  mailbox_id id = {}; ///< of one that can be selected
};

struct mailbox_status {
  mailbox_id id;
  uint32_t messages = 0;
  uint32_t unseen = 0;
  uint32_t deleted = 0;
  stagepost::uid uid_next;
  stagepost::uid_validity uid_validity;
  modseq highest_modseq;
  uint64_t size_bytes = 0;
  uint64_t deleted_bytes = 0; ///< only where it was asked for
};

/// What an account uses and may use (RFC 9208).
struct quota_usage {
  uint64_t messages = 0;
  uint64_t size_bytes = 0;
  uint64_t size_limit_bytes = 0; ///< 0: unlimited
  uint64_t mailboxes = 0;
  uint64_t mailbox_limit = 0; ///< 0: unlimited
  bool foreign = false;       ///< the mailbox asked about is somebody else's: nothing is told
  std::string root;           ///< the quota root of the mailbox asked about; empty: that of one's own
};

/// A pair of an access control list (RFC 4314 2).
struct access_entry {
  std::string identifier; ///< an address or "anyone"; with "-" before it the rights are taken away
  imap::rights rights;
};
enum class rights_change : uint8_t { replace, add, remove };

/// RFC 5464 3: a value under a name of ours or others' choice.
struct annotation {
  std::string name;           ///< "/private/comment", in lower case
  std::optional<bytes> value; ///< nothing where it is to be removed
};

struct selected_mailbox {
  mailbox_id id;
  stagepost::uid_validity uid_validity;
  stagepost::uid uid_next;
  modseq highest_modseq;
  mailbox_pages pages;
  std::vector<std::string> keywords; ///< bit n of message_entry::keywords; only ever appended to
  imap::rights rights = all_rights;  ///< of who selects it
};

/// What changed in the selected mailbox. Updates come in order and each is on disk.
struct mailbox_update {
  mailbox_pages changed; ///< replaces the page of the same number; no entries: the page is gone
  stagepost::uid uid_next;
  modseq highest_modseq;
  std::vector<std::string> keywords; ///< the whole list where it grew, else empty
  std::string renamed_to;            ///< the mailbox has this name now; empty: as before
};

/// Something happened in the account (RFC 5465 5).
struct mailbox_event {
  enum class kind : uint8_t {
    messages_new,
    messages_expunged,
    flags_changed,
    created,
    deleted,
    renamed,
    subscription, ///< made or ended
    annotations,
  };

  kind what = kind::messages_new;
  mailbox_info mailbox;  ///< as it is now; the name alone of one that was deleted, nothing of the account
  std::string old_name;  ///< of one that was renamed
  mailbox_status status; ///< of the first three; deleted_bytes is not set
  std::vector<std::string> entries; ///< names of the annotations
};

/// How a question about folders or messages ended; the session has tagged reply and response code for each.
enum class outcome : uint8_t {
  done,
  no_such_mailbox, ///< [NONEXISTENT], or [TRYCREATE] where the RFC wants it
  already_exists,  ///< [ALREADYEXISTS]
  not_permitted,   ///< [NOPERM]
  cannot,          ///< [CANNOT] a name or operation that can never work
  over_quota,      ///< [OVERQUOTA]
  too_big,         ///< [TOOBIG]
  limit_reached,   ///< [LIMIT] too many folders, keywords …
  has_children,    ///< [HASCHILDREN]
  in_use,          ///< [INUSE] try again
  expunged,        ///< [EXPUNGEISSUED] some of the messages are gone
  unavailable,     ///< [UNAVAILABLE] store failure, shutdown
  no_such_user,    ///< an identifier that is nobody
};

enum class flag_change : uint8_t { replace, add, remove };

/// What of a message is needed to answer.
enum class read_depth : uint8_t {
  facts,  ///< internal date, size
  digest, ///< and the parsed structure
  header, ///< and the octets of the header block
  whole,  ///< and all octets
};

/// One message as read. Views live only during the call.
struct message_data {
  stagepost::uid uid;
  instant internal_date;
  instant saved_at; ///< when it came into this mailbox (RFC 8514)
  blob_id body;     ///< the same for all copies of a message; see object_id.hpp
  uint64_t size_bytes = 0;
  const mime::digest* digest = nullptr;
  bytes_view header; ///< through the blank line
  bytes_view whole;
  bytes_view text_start; ///< of the part preview_extent names, where asked
  bool gone = false;     ///< expunged since; nothing else is set
};

/// Where a text is looked for.
enum class text_scope : uint8_t { body, text, header, subject, from, to, cc, bcc };

/// A text of a SEARCH, folded (search::folded).
struct search_text {
  text_scope scope = text_scope::text;
  std::string text;
  bool fuzzy = false;    ///< words like these (search/fuzzy.hpp), and not just this
  std::string languages; ///< of those words, where fuzzy
};

/// The score of messages that were found by FUZZY; see fuzzy_key.hpp.
struct scored_range {
  uint32_t first = 0;
  uint32_t last = 0;
  uint8_t score = 0;
};

/// What an index knows of a text; UIDs. Messages in neither do not have it, as far as the index goes.
struct search_hits {
  number_ranges sure;               ///< have it
  number_ranges maybe;              ///< must be read
  std::vector<scored_range> scores; ///< of the sure, ascending, where the text is fuzzy
};

struct narrowed {
  stagepost::uid indexed_to;     ///< the index knows messages up to this one; zero: none
  std::vector<search_hits> hits; ///< for each text asked for, unless zero
};

// -- actions ----------------------------------------------------------------------------------------------

struct reply {
  bytes text;
};
struct start_tls {};
struct close {};
/// RFC 4978: what was replied goes out as it is, all later octets of both directions are deflated. Not a
/// question.
struct start_compression {};
/// RFC 8437: nobody is logged in any more; nothing is selected. Not a question.
struct forget_login {};
/// Send this part of a message straight from the store, after what was replied and before what follows. The
/// session has sent the literal's length: when the octets cannot be read the line must be cut. The only
/// action beside reply that may come several times in one list. `message_uid` was just read and is in the
/// selected mailbox.
struct send_body {
  stagepost::uid message_uid;
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
};

// Questions. Each is answered by the function named; it is always the last of the actions.

struct list_mailboxes {}; ///< on_mailboxes
struct read_status {
  std::string name;
  bool deleted_bytes = false; ///< those cost a look at each message that is \Deleted
};                            ///< on_status
struct open_mailbox {         ///< on_opened
  std::string name;
  bool read_only = false; ///< EXAMINE
};
/// Ends the selection; no more updates are wanted. Not a question.
struct leave_mailbox {};
/// From now on events of the account are wanted, by queue_event, or no more. Those of changes this session
/// asked for itself need not come, but for messages. Not a question.
struct watch_account {
  bool wanted = true;
};
struct create_mailbox {
  std::string name;
  special_use use = special_use::none;
}; ///< on_outcome
struct delete_mailbox {
  std::string name;
}; ///< on_outcome
struct rename_mailbox {
  std::string from, to;
}; ///< on_outcome
struct subscribe_mailbox {
  std::string name;
  bool subscribed = true;
}; ///< on_outcome

/// Where a mailbox is named, of whom it belongs to; else of a quota root, which is empty for one's own and
/// the address of another user. Answered by on_quota.
struct read_quota {
  std::string mailbox;
  std::string root;
};
/// Only of an administrator. Answered by on_quota as it is now: no_such_user where there is no such root,
/// limit_reached where it is more than the domain has.
struct change_quota {
  std::string root;
  std::optional<uint64_t> megabytes; ///< never zero; nothing: what the domain has is the only limit
};
/// Who may do what. Answered by on_access.
struct read_access {
  std::string mailbox;
};
/// Answered by on_outcome.
struct change_access {
  std::string mailbox;
  std::string identifier; ///< prepared (RFC 4314 3), without a dash
  bool negative = false;  ///< it had one
  rights_change how = rights_change::replace;
  imap::rights rights;
};
/// What may the client's user do? Answered by on_rights.
struct read_rights {
  std::string mailbox;
};
/// What may this identifier always do, whatever the list says? Answered by on_rights.
struct find_fixed_rights {
  std::string mailbox;
  std::string identifier;
};
/// The annotations of a mailbox, or where the name is empty of the account. Answered by on_annotations.
struct read_annotations {
  std::string mailbox;
};
/// Answered by on_outcome, all or none: limit_reached where there would be more than `most`.
struct write_annotations {
  std::string mailbox;
  std::vector<annotation> changes;
  size_t most = 0;
};

/// Read these in this order, on_message for each, then on_read_end. At most 64 at a time, so others get their
/// turn.
struct read_messages {
  std::vector<uid> uids;
  read_depth depth = read_depth::facts;
  bool text_start = false; ///< and what preview_extent names; `depth` is at least digest then
  bool elsewhere = false;  ///< of the mailbox last looked into, and not of the selected one
};
/// What was expunged from the selected mailbox after that change? Answered by on_expunged.
struct read_expunged {
  modseq since;
};
/// What is known of these texts without reading the messages? Answered by on_narrowed.
struct narrow_search {
  std::vector<search_text> texts;
  bool elsewhere = false; ///< in the mailbox last looked into, and not in the selected one
};
/// Answered by on_opened with the mailbox as it stands. It is not selected, and no updates of it come. Never
/// asked for the one that is selected.
struct look_into {
  std::string name;
};
/// Answered by on_stored. Updates it causes are told first, by on_update.
struct store_flags {
  std::vector<uid> uids;
  flag_change change = flag_change::replace;
  uint32_t flags = 0;
  std::vector<std::string> keywords;
  std::optional<modseq> unchanged_since; ///< RFC 7162 3.1.3
};
/// Removes what is \Deleted, of all messages or of `uids` only. Answered by on_outcome, updates first.
struct expunge {
  bool all = true;
  std::vector<uid> uids;
};
/// Answered by on_copied; with `move` the updates come first.
struct copy_messages {
  std::vector<uid> uids;
  std::string to;
  bool move = false;
};
/// APPEND: may a message that begins with so many octets go there? Answered by on_append_ready. Comes again
/// for each further message of the command (RFC 3502), all of which go to the same mailbox.
struct begin_append {
  std::string mailbox;
  uint64_t size_bytes = 0;
  bool replaces = false; ///< another goes with it (REPLACE): whether there is room shows at finish_append
};
/// A piece of the message, octets untouched, at most 256 KiB; a long feed brings several. Not a question; a
/// failure shows in on_appended.
struct write_body {
  bytes content;
};
/// The message a URL of CATENATE names (RFC 4469). Answered by on_linked.
struct find_linked {
  std::string mailbox;
  std::optional<stagepost::uid_validity> validity; ///< where the URL has one it must hold
  stagepost::uid uid;
  read_depth depth = read_depth::digest;
};
/// This part of the message found last goes into the message begun. Not a question; a failure shows in
/// on_appended.
struct copy_linked {
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
};
/// The message begun is whole. Not a question.
struct end_message {
  uint32_t flags = 0;
  std::vector<std::string> keywords;
  std::optional<instant> internal_date; ///< absent: now
};
/// All messages begun go in together or not at all, and the one they replace goes with it (RFC 8508).
/// Answered by on_appended, once it is on disk; updates of a replacement come first.
struct finish_append {
  std::optional<stagepost::uid> replaced; ///< in the selected mailbox
};
/// The messages begun will not be finished.
struct abort_append {};
/// There is more to say than fits one list: answered by on_more once what came before is sent.
struct more {};

using action =
    std::variant<reply, start_tls, close, start_compression, forget_login, send_body, read_expunged,
                 list_mailboxes, read_status, open_mailbox, leave_mailbox, watch_account, create_mailbox,
                 delete_mailbox, rename_mailbox, subscribe_mailbox, read_quota, change_quota, read_access,
                 change_access, read_rights, find_fixed_rights, read_annotations, write_annotations,
                 read_messages, look_into, narrow_search, store_flags, expunge, copy_messages, begin_append,
                 write_body, find_linked, copy_linked, end_message, finish_append, abort_append,
                 sasl::verify_password, sasl::find_credentials, sasl::finish_login, more>;
using actions = std::vector<action>;

// -- answers ----------------------------------------------------------------------------------------------

struct copied {
  imap::outcome outcome = outcome::unavailable;
  stagepost::uid_validity uid_validity; ///< of the target
  std::vector<uid> from, to;            ///< pairs, in order; messages gone meanwhile are left out
};

struct appended {
  imap::outcome outcome = outcome::unavailable;
  stagepost::uid_validity uid_validity;
  std::vector<uid> uids; ///< in the order of the messages
};

struct stored {
  imap::outcome outcome = outcome::unavailable;
  std::vector<uid> modified; ///< failed `unchanged_since`
  std::vector<uid> gone;     ///< expunged meanwhile
};

/// What was expunged. Where the change log does not reach back to the question, `complete` is false and the
/// session finds out by comparison.
struct expunged_since {
  bool complete = false;
  std::vector<uid> uids; ///< ascending
};

/// One IMAP connection seen from the server, pure (RFC 3501, RFC 9051 and the extensions it announces). Same
/// rules as smtp::session: at most one question is open, it is the last action, and until it is answered no
/// input is wanted. Pipelined commands wait their turn. `on_update` may come at any time after on_opened,
/// also in the middle of a question; the session keeps it until the RFC lets it speak (never EXPUNGE during
/// FETCH, STORE or SEARCH, RFC 9051 7.5.1), and at once while IDLE.
class session {
public:
  session(session_settings settings, bool on_tls, sasl::channel_binding channel);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  actions start();
  actions feed(bytes_view input, instant now);
  /// What time it is, to be told before an answer that may come late: a long command says that it is alive.
  void set_time(instant now);
  bool wants_input() const;

  actions on_tls(const sasl::channel_binding& channel);
  actions on_credentials(const sasl::credentials& found);
  actions on_login(sasl::login_outcome outcome, const std::string& address);
  /// The time zone of who logs in: internal dates are shown and searched in it (UTC until then). Before
  /// on_login.
  void use_time_zone(mime::time_zone zone);
  /// Whether who logs in may share folders and see those of others; so it is unless said otherwise. Before
  /// on_login.
  void use_sharing(bool allowed);
  /// Whether who logs in administers his domain and may set quotas (RFC 9208); not so unless said. Before
  /// on_login.
  void use_administration(bool allowed);
  actions on_mailboxes(outcome result, std::vector<mailbox_info> found);
  actions on_status(outcome result, const mailbox_status& status);
  actions on_opened(outcome result, selected_mailbox opened);
  actions on_outcome(outcome result);
  actions on_quota(outcome result, const quota_usage& found);
  actions on_access(outcome result, std::vector<access_entry> found);
  actions on_rights(outcome result, rights held);
  actions on_annotations(outcome result, std::vector<annotation> found);
  actions on_expunged(outcome result, const expunged_since& found);
  actions on_message(const message_data& message);
  actions on_read_end(outcome result);
  actions on_narrowed(narrowed known);
  actions on_stored(const stored& result);
  actions on_copied(const copied& result);
  actions on_append_ready(outcome result);
  actions on_linked(outcome result, const message_data& message);
  actions on_appended(const appended& result);
  actions on_more();
  actions on_update(mailbox_update update);
  /// Keeps an event of the account until tell_news; in bounded memory, if need be by giving up (RFC
  /// 5465 5.8).
  void queue_event(mailbox_event event);
  /// What may be said now without being asked.
  actions tell_news();
  /// The selected mailbox was deleted by somebody else: BYE (RFC 9051 7.1.5 leaves no better way).
  actions on_mailbox_gone();

  bool wants_nonce() const;
  void give_nonce(bytes_view nonce);

  /// Whether IDLE runs: the connection may then wait longer (RFC 2177: clients renew within 29 minutes).
  bool is_idling() const;
  bool is_authenticated() const;
  actions on_timeout();
  actions on_shutdown();

private:
  struct machine;
  std::unique_ptr<machine> machine_;
};

} // namespace stagepost::imap
