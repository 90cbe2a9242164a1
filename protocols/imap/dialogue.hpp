#pragma once

#include "protocols/imap/command_reader.hpp"
#include "protocols/imap/notifications.hpp"
#include "protocols/imap/output.hpp"
#include "protocols/imap/response.hpp"
#include "protocols/imap/running_command.hpp"
#include "protocols/imap/search_contexts.hpp"
#include "protocols/imap/view.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// RFC 3501 3.
enum class phase : uint8_t { not_authenticated, authenticated, selected, ended };

/// What a client switches on by ENABLE and what changes more than one command.
enum class extension : uint8_t { condstore, qresync, utf8, rev2, uid_only };

/// What all commands of one connection share: the phase, the view, what is read and what is said. Reads
/// commands one after the other, starts each and passes it the answers to its questions.
class dialogue {
public:
  dialogue(session_settings settings, bool on_tls, sasl::channel_binding channel);

  // -- for session: each gives the actions that follow

  actions start();
  actions feed(bytes_view input, instant now);
  void set_time(instant now) { now_ = now; }
  void use_time_zone(mime::time_zone zone) { zone_ = std::move(zone); }
  void use_sharing(bool allowed) { shares_ = allowed; }
  void use_administration(bool allowed) { administers_ = allowed; }
  bool wants_input() const { return phase_ != imap::phase::ended && !question_open_; }
  actions on_tls(const sasl::channel_binding& channel);
  /// The answer to the open question; nothing where none is open.
  actions on_answer(const std::function<void(running_command&)>& pass_on);
  actions on_message(const message_data& message);
  actions on_more();
  actions on_update(mailbox_update update);
  void queue_event(mailbox_event event);
  actions tell_what_is_new();
  actions on_mailbox_gone();
  actions end(answer why);
  bool is_idling() const { return running_ && running_->is_idling() && ending_.empty(); }

  bytes nonce;

  // -- for commands

  const session_settings& settings() const { return settings_; }
  imap::phase phase() const { return phase_; }
  bool is_on_tls() const { return on_tls_; }
  const sasl::channel_binding& channel() const { return channel_; }
  instant now() const { return now_; }
  const mime::time_zone& zone() const { return zone_; }
  /// Whether there are folders of others beside one's own.
  bool shares() const { return shares_; }
  /// Whether who is logged in administers his domain.
  bool administers() const { return administers_; }
  const std::string& tag() const { return tag_; }
  output& out() { return out_; }
  bytes& text() { return out_.text(); }

  /// The selected mailbox; only while one is.
  mailbox_view& view() { return *view_; }
  bool has_selected(mailbox_id which) const { return view_ && view_->id() == which; }

  void ask(action question);
  /// Ends the command: tells the news that may be told now, then the tagged reply. `code` stands in for the
  /// answer's own response code.
  void finish(answer how, std::string_view code = {});
  /// The same for a command that expunged: to a client that synchronises it says up to which change it was
  /// told (RFC 7162 3.2.7).
  void finish_with_highest(answer how);
  /// Whether these are more messages than one command may touch (RFC 9738), and how such a command is
  /// refused.
  bool is_too_many(uint64_t messages) const {
    return settings_.message_limit && messages > settings_.message_limit;
  }
  bool are_too_many(const number_ranges& sequences) const { return is_too_many(count(sequences)); }
  void refuse_so_many();
  /// The next line goes to the command's on_line.
  void expect_line(size_t limit);

  void log_in();
  /// Counts a failed login; too many end the connection.
  void note_failed_login() { ++failed_logins_; }
  /// Sends the tagged OK and turns to TLS; whatever was read is forgotten (RFC 9051 6.2.1).
  void begin_tls();
  void log_out();

  void select(std::unique_ptr<mailbox_view> view);
  /// Leaves the selected mailbox, if there is one.
  void unselect();
  /// The command deletes the selected mailbox itself: its end is no surprise then.
  void expect_mailbox_gone(bool expected) { gone_expected_ = expected; }

  bool uses(extension which) const { return enabled_ >> uint8_t(which) & 1; }
  /// ENABLE (RFC 5161): lasts as long as the login.
  void enable(extension which);
  bool uses_condstore() const { return condstore_; }
  /// VANISHED stands for EXPUNGE (RFC 7162 3.2.10).
  bool tells_vanished() const { return uses(extension::qresync) || uses(extension::uid_only); }
  /// RFC 7162 3.1: from a CONDSTORE enabling command on.
  void use_condstore();

  /// The literal announced now.
  uint64_t literal_size() const { return reader_.literal_size(); }
  /// The literal of an APPEND: takes it in pieces; what follows goes to the command's on_literal and on_line.
  void stream_literal();
  /// Keeps the literal as part of the text; refuses it, and ends the command, where it is too long.
  void accept_literal();
  /// Refuses the literal and ends the command.
  void refuse_literal(answer why, std::string_view code = {});
  /// Whether names of mailboxes are UTF-8 on the wire and quoted strings may be (RFC 6855 3, RFC 9051 5.1).
  bool speaks_utf8() const { return uses(extension::utf8) || uses(extension::rev2); }
  /// A mailbox's name as this client reads it.
  void write_name(std::string_view name);

  bool is_compressed() const { return compressed_; }
  /// Sends the tagged OK, behind which all is deflated. What the client sent before it saw that is dropped.
  void begin_compression();
  /// RFC 8437 3: as before the login, but for TLS.
  void forget_login();

  /// The searches whose changes are told (RFC 5267); only while a mailbox is selected.
  search_contexts& contexts();
  /// The refresh of them is through.
  void end_refresh() { refreshed_ = true; }

  /// NOTIFY: from now on this is told without being asked (RFC 5465).
  void set_notifications(notify_request request);

  /// Tells what happened in the mailbox as IDLE does: at once, all of it.
  void tell_news_at_once();
  /// "* 3 FETCH (FLAGS (\Seen))", with UID and MODSEQ where they belong.
  void write_flags_of(uint32_t sequence, const message_entry& entry);
  void write_flag_lists();

private:
  class news_writer;

  actions go_on();
  void pump();
  void settle();
  bool read_command();
  bool read_for_command();
  bool read_on();
  void close_with(answer why);
  void dispatch(bytes_view text);
  void on_literal();
  bool begin_append();
  void refuse(answer why, std::string_view detail = {});
  bool tell_news(bool with_expunges);
  void wind_up();
  void refresh();
  std::unique_ptr<running_command> next_refresh();
  void speak_up();
  bool may_speak() const;
  bool hides_news() const;
  void tell_size();
  bytes tagged(answer how, std::string_view code, std::string_view detail);
  void write_tagged(answer how, std::string_view code = {}, std::string_view detail = {});
  void take_tag(bytes_view text);
  reader_limits limits() const;

  session_settings settings_;
  sasl::channel_binding channel_;
  std::unique_ptr<mailbox_view> view_;
  std::unique_ptr<running_command> running_;
  std::unique_ptr<search_contexts> contexts_; ///< of the selected mailbox, where there are any
  std::unique_ptr<running_command> refresh_;  ///< of contexts_ and fresh_: between commands and while IDLE
  std::unique_ptr<notifications> notify_;     ///< empty: NOTIFY was not used
  number_ranges fresh_;                       ///< UIDs announced of which NOTIFY asked to be told more
  command_reader reader_;
  output out_;
  std::string tag_;
  std::string_view command_name_; ///< as the command table has it
  bytes ending_;                  ///< the tagged reply, while news are told before it
  std::optional<answer> refusal_; ///< what to answer once the refused command has been passed over
  bytes refusal_code_;            ///< of it; empty: the answer's own
  instant now_;
  mime::time_zone zone_;  ///< of the user
  size_t line_limit_ = 0; ///< not 0: the command waits for a line
  uint32_t bad_commands_ = 0;
  uint32_t failed_logins_ = 0;
  imap::phase phase_ = imap::phase::not_authenticated;
  bool on_tls_;
  bool question_open_ = false;
  bool finished_ = false; ///< the command called finish; it is let go once it has returned
  bool streaming_ = false;
  bool refreshed_ = false; ///< refresh_ is through; it is let go once it has returned
  bool reads_on_ = false;  ///< the text of the running command goes on after a streamed literal
  bool condstore_ = false;
  bool compressed_ = false;
  bool shares_ = true;
  bool administers_ = false;
  uint8_t enabled_ = 0; ///< bits by extension
  bool gone_expected_ = false;
  bool command_has_uid_ = false;
};

} // namespace stagepost::imap
