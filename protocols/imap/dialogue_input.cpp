#include "protocols/imap/dialogue.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/command_table.hpp"
#include "protocols/imap/commands/append.hpp"
#include "protocols/imap/commands/expunge.hpp"
#include "protocols/imap/commands/idle.hpp"

#include <algorithm>

// What a dialogue reads: commands, their literals, and the lines a running command waits for.

namespace stagepost::imap {

namespace {

/// A write_body holds no more than this.
constexpr size_t append_piece_bytes = 256 * 1024;

// Strangers get less: no command before login needs more than a SASL response.
constexpr size_t stranger_line_bytes = 16 * 1024;
constexpr size_t stranger_literal_bytes = 4096;
constexpr uint64_t stranger_swallow_bytes = 64 * 1024;

} // namespace

void dialogue::expect_line(size_t limit) {
  line_limit_ = limit;
  reader_.release();
}

void dialogue::stream_literal() {
  if (reader_.literal_waits()) text() += "+ Ready for the message\r\n";
  reader_.stream_literal();
  streaming_ = true;
}

void dialogue::accept_literal() {
  if (!reader_.literal_fits(limits())) {
    if (running_) running_->abandon(*this);
    return refuse_literal(answer::literal_too_long);
  }
  if (reader_.literal_waits()) text() += "+ OK\r\n";
  reader_.accept_literal();
}

void dialogue::refuse_literal(answer why, std::string_view code) {
  const bool over = reader_.literal_waits();
  reader_.refuse_literal();
  if (over && running_) {
    reader_.release();
    finish(why, code);
  } else if (over) {
    reader_.release();
    write_tagged(why, code);
  } else {
    refusal_ = why;
    refusal_code_ = code;
    finished_ = true;
  }
}

void dialogue::pump() {
  while (phase_ != imap::phase::ended && !question_open_) {
    if (!(running_ ? read_for_command() : read_command())) return;
    settle();
  }
}

/// One step of what the running command reads. False when more input is needed.
bool dialogue::read_for_command() {
  if (streaming_) {
    const bytes_view piece = reader_.take_stream(append_piece_bytes);
    if (piece.empty() && reader_.stream_left()) return false;
    if (!piece.empty()) running_->on_piece(*this, piece);
    if (reader_.stream_left()) return true;
    streaming_ = false;
    reads_on_ = true;
    return true;
  }
  if (reads_on_) return read_on();
  if (line_limit_ == 0) return false;
  switch (reader_.next_line(line_limit_)) {
  case command_reader::event::nothing: return false;
  case command_reader::event::command: {
    const bytes line(reader_.text());
    reader_.release();
    running_->on_line(*this, line);
    return true;
  }
  case command_reader::event::too_long:
    reader_.release();
    running_->on_line_too_long(*this);
    return true;
  default: close_with(answer::bye_unparsable); return true;
  }
}

/// One step of what follows a streamed literal.
bool dialogue::read_on() {
  switch (reader_.next(limits())) {
  case command_reader::event::nothing: return false;
  case command_reader::event::literal: running_->on_literal(*this, reader_.text()); return true;
  case command_reader::event::command: {
    const bytes line(reader_.text());
    reader_.release();
    running_->on_line(*this, line);
    return true;
  }
  case command_reader::event::too_long:
    reader_.release();
    running_->on_line_too_long(*this);
    return true;
  default: close_with(answer::bye_unparsable); return true;
  }
}

/// One step towards the next command. False when more input is needed.
bool dialogue::read_command() {
  switch (reader_.next(limits())) {
  case command_reader::event::nothing: return false;
  case command_reader::event::command:
    dispatch(reader_.text());
    reader_.release();
    break;
  case command_reader::event::literal: on_literal(); break;
  case command_reader::event::too_long:
    take_tag(reader_.text());
    reader_.release();
    refuse(answer::line_too_long);
    break;
  case command_reader::event::refused:
    reader_.release();
    write_tagged(refusal_.value_or(answer::literal_too_long), refusal_code_);
    refusal_.reset();
    refusal_code_ = bytes{};
    break;
  case command_reader::event::hopeless: close_with(answer::bye_unparsable); break;
  }
  return true;
}

void dialogue::dispatch(bytes_view text) {
  take_tag(text);
  parser in(text, settings_.separator, speaks_utf8(), uses(extension::rev2));
  if (!in.tag()) return refuse(answer::invalid_tag);
  if (!in.space()) return refuse(answer::syntax, "a command is missing");
  auto name = in.atom();
  if (!name) return refuse(answer::syntax, "a command is missing");
  const bool by_uid = ascii_iequals(*name, "UID");
  if (by_uid && (!in.space() || !(name = in.atom()))) return refuse(answer::syntax, "a command is missing");
  const command_entry* entry = find_command(*name, by_uid);
  if (!entry || (entry->make == make_idle && !settings_.idle)) return refuse(answer::unknown_command);
  if (!entry->is_allowed_in(phase_)) return refuse(answer::wrong_state);
  // RFC 9586 3: EXPUNGE names no messages.
  if (uses(extension::uid_only) && !by_uid && entry->uid == command_entry::also &&
      entry->make != make_expunge)
    return refuse(answer::uid_required);
  command_name_ = entry->name;
  command_has_uid_ = by_uid;
  running_ = entry->make(in, by_uid);
  if (!running_) {
    // The other errors have words of their own.
    const bool explain = in.error() == parse_errc::syntax || in.error() == parse_errc::too_complex;
    return refuse(answer_for(in.error()), explain ? in.detail() : std::string_view{});
  }
  running_->begin(*this);
}

void dialogue::on_literal() {
  take_tag(reader_.text());
  if (phase_ >= imap::phase::authenticated && begin_append()) return;
  accept_literal();
}

/// APPEND and REPLACE are begun before their first message is read. False when this is another literal.
bool dialogue::begin_append() {
  parser in(reader_.text(), settings_.separator, speaks_utf8());
  if (!in.tag() || !in.space()) return false;
  const bool by_uid = in.take_word("UID");
  if (by_uid && !in.space()) return false;
  const bool replaces = in.take_word("REPLACE");
  if (!replaces && (by_uid || !in.take_word("APPEND"))) return false;
  if (replaces && phase_ != imap::phase::selected) return false;
  if (replaces && !by_uid && uses(extension::uid_only)) {
    refuse_literal(answer::uid_required);
    return true;
  }
  auto append = replaces ? make_replace_with(in, by_uid, true) : make_append_with(in, true);
  if (append) {
    command_name_ = replaces ? "REPLACE" : "APPEND";
    command_has_uid_ = by_uid;
    running_ = std::move(append);
    running_->begin(*this);
    return true;
  }
  if (in.ran_into_last_literal()) return false;
  refuse_literal(answer_for(in.error()));
  return true;
}

/// Answers a command that was not begun.
void dialogue::refuse(answer why, std::string_view detail) { write_tagged(why, {}, detail); }

void dialogue::take_tag(bytes_view text) {
  parser in(text, settings_.separator);
  const auto tag = in.tag();
  tag_ = tag && (in.peek(' ') || in.at_end()) ? *tag : "*";
}

reader_limits dialogue::limits() const {
  reader_limits limits;
  limits.line_bytes = settings_.max_line_bytes;
  limits.literal_bytes = settings_.max_literal_bytes;
  limits.total_literal_bytes = settings_.max_literal_bytes * 4;
  if (phase_ == imap::phase::not_authenticated) {
    limits.line_bytes = std::min(limits.line_bytes, stranger_line_bytes);
    limits.literal_bytes = std::min(limits.literal_bytes, stranger_literal_bytes);
    limits.total_literal_bytes = limits.literal_bytes * 2;
    limits.swallow_bytes = stranger_swallow_bytes;
  }
  return limits;
}

} // namespace stagepost::imap
