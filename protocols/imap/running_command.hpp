#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/imap/session.hpp"

#include <string>
#include <vector>

namespace stagepost::imap {

class dialogue;

/// One command being carried out: it asks questions and takes their answers until it calls `finish`. It
/// exists only that long, so an idle session holds nothing of it. Answers to questions it never asks are left
/// alone.
class running_command {
public:
  virtual ~running_command() = default;

  virtual void begin(dialogue& with) = 0;

  /// RFC 9051 7.5.1: no EXPUNGE while FETCH, STORE or SEARCH without UID are answered.
  virtual bool may_tell_expunges() const { return true; }
  /// RFC 3501 6.4.8: FETCH responses a UID command causes carry the UID.
  virtual bool is_by_uid() const { return false; }
  virtual bool is_idling() const { return false; }
  /// It takes messages away, and the client must hear which, whatever it asked for by NOTIFY.
  virtual bool removes_messages() const { return false; }

  /// A line that is no command, after dialogue::expect_line.
  virtual void on_line(dialogue&, bytes_view) {}
  virtual void on_line_too_long(dialogue& with);
  /// Octets of a streamed literal.
  virtual void on_piece(dialogue&, bytes_view) {}
  /// What follows a streamed literal ends in another: it must be streamed, accepted or refused.
  virtual void on_literal(dialogue&, bytes_view) {}
  /// The connection ends now: what must still be said or done?
  virtual void abandon(dialogue&) {}

  virtual void on_credentials(dialogue&, const sasl::credentials&) {}
  virtual void on_login(dialogue&, sasl::login_outcome, const std::string&) {}
  virtual void on_mailboxes(dialogue&, outcome, std::vector<mailbox_info>) {}
  virtual void on_status(dialogue&, outcome, const mailbox_status&) {}
  virtual void on_opened(dialogue&, outcome, selected_mailbox) {}
  virtual void on_outcome(dialogue&, outcome) {}
  virtual void on_quota(dialogue&, outcome, const quota_usage&) {}
  virtual void on_access(dialogue&, outcome, std::vector<access_entry>) {}
  virtual void on_rights(dialogue&, outcome, rights) {}
  virtual void on_annotations(dialogue&, outcome, std::vector<annotation>) {}
  virtual void on_expunged(dialogue&, outcome, const expunged_since&) {}
  virtual void on_message(dialogue&, const message_data&) {}
  virtual void on_read_end(dialogue&, outcome) {}
  virtual void on_narrowed(dialogue&, narrowed) {}
  virtual void on_stored(dialogue&, const stored&) {}
  virtual void on_copied(dialogue&, const copied&) {}
  virtual void on_append_ready(dialogue&, outcome) {}
  virtual void on_linked(dialogue&, outcome, const message_data&) {}
  virtual void on_appended(dialogue&, const appended&) {}
  virtual void on_more(dialogue&) {}
};

} // namespace stagepost::imap
