#include "protocols/imap/commands/append_script.hpp"

#include <utility>

namespace stagepost::imap {

std::optional<append_piece> append_script::read(parser& in) {
  // On a copy: the piece is read again when a literal of its text has come.
  append_script ahead = *this;
  append_piece found;
  if (!ahead.go_on(in, found)) return std::nullopt;
  *this = std::move(ahead);
  return found;
}

bool append_script::go_on(parser& in, append_piece& found) {
  if (open_) end_this(found);
  while (!found.literal) {
    if (at_ == place::before_message) {
      if (any_ && in.at_end()) return true;
      if (any_ && single_) return in.end();
      if (!read_message(in, found)) return false;
    } else if (at_ == place::after_part && in.take(')')) {
      end_this(found);
    } else {
      if (at_ == place::after_part && !in.space()) return false;
      if (!read_part(in, found)) return false;
    }
  }
  return true;
}

bool append_script::read_message(parser& in, append_piece& found) {
  if (!in.space()) return false;
  if (++messages_ > max_messages_per_append) return in.fail(parse_errc::too_complex, "too many messages");
  facts_ = {};
  if (in.peek('(')) {
    auto flags = in.flags(false);
    if (!flags || !in.space()) return false;
    facts_.flags = flags->flags;
    facts_.keywords = std::move(flags->keywords);
  }
  if (in.peek('"')) {
    facts_.internal_date = in.date_time();
    if (!facts_.internal_date || !in.space()) return false;
  }
  found.steps.push_back(append_begins{});
  if (in.take_word("CATENATE")) {
    if (!in.space() || !in.expect('(')) return false;
    at_ = place::in_list;
    parts_ = 0;
    return true;
  }
  if (!in.at_last_literal()) return in.fail(parse_errc::syntax, "the message must be a literal");
  found.literal = open_ = true;
  return true;
}

/// RFC 4469 5 `cat-part`.
bool append_script::read_part(parser& in, append_piece& found) {
  if (++parts_ > max_parts_per_message) return in.fail(parse_errc::too_complex, "too many parts");
  at_ = place::after_part;
  if (in.take_word("TEXT")) {
    if (!in.space()) return false;
    if (!in.at_last_literal()) return in.fail(parse_errc::syntax, "the text must be a literal");
    return found.literal = true;
  }
  if (!in.take_word("URL")) return in.fail(parse_errc::syntax, "unknown part");
  if (!in.space()) return false;
  auto text = in.astring();
  if (!text) return false;
  found.steps.push_back(append_url{std::move(*text)});
  return true;
}

void append_script::end_this(append_piece& found) {
  found.steps.push_back(std::move(facts_));
  at_ = place::before_message;
  any_ = true;
  open_ = false;
}

} // namespace stagepost::imap
