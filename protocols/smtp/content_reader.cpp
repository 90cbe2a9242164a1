#include "protocols/smtp/content_reader.hpp"

namespace stagepost::smtp {

bool content_reader::feed(bytes_view& input, bytes* out) {
  while (!input.empty()) {
    const char c = input.front();
    switch (place_) {
    case place::line_begins:
      if (c == '.') {
        place_ = place::after_dot;
        input.remove_prefix(1);
        break;
      }
      place_ = place::in_line;
      [[fallthrough]];
    case place::in_line: take_line_part(input, out); break;
    case place::after_dot:
      if (c == '\r') {
        place_ = place::after_dot_cr;
        input.remove_prefix(1);
      } else {
        place_ = place::in_line; // RFC 5321 4.5.2: the dot is taken off, whatever follows
      }
      break;
    case place::after_dot_cr:
      if (c == '\n') {
        input.remove_prefix(1);
        return true;
      }
      place_ = place::after_cr; // no end: a line of a dot that was taken off and a bare CR
      break;
    case place::after_cr:
      if (c == '\n') {
        append("\r\n", out);
        line_bytes_ = 0;
        place_ = place::line_begins;
        input.remove_prefix(1);
      } else {
        place_ = place::in_line;
        take_bare_newline('\r', out);
      }
      break;
    }
  }
  return false;
}

// The fast way: whole lines, found by two searches each, are handed on in one piece until something needs a
// closer look.
void content_reader::take_line_part(bytes_view& input, bytes* out) {
  size_t run = 0; // octets at the front of `input` to be handed on as they are
  for (;;) {
    const auto rest = input.substr(run);
    const auto newline = rest.find('\n');
    const auto line = rest.substr(0, newline);
    const auto carriage = line.find('\r');
    if (newline == rest.npos || carriage == line.npos || carriage + 1 != newline) {
      // No whole line, or one with a bare CR or LF in it.
      const auto plain = carriage == line.npos ? line.size() : carriage;
      line_bytes_ += plain;
      if (line_bytes_ > max_line_bytes_) had_long_line_ = true;
      append(input.substr(0, run + plain), out);
      input.remove_prefix(run + plain);
      if (input.empty()) return;
      if (input.front() == '\r') {
        place_ = place::after_cr;
      } else {
        take_bare_newline('\n', out);
      }
      input.remove_prefix(1);
      return;
    }
    line_bytes_ += carriage;
    if (line_bytes_ > max_line_bytes_) had_long_line_ = true;
    line_bytes_ = 0;
    run += newline + 1;
    if (run == input.size() || input[run] == '.') {
      append(input.substr(0, run), out);
      input.remove_prefix(run);
      place_ = place::line_begins;
      return;
    }
  }
}

void content_reader::take_bare_newline(char which, bytes* out) {
  had_bare_newline_ = true;
  line_bytes_ = 0;
  // A normalised newline begins a line for whoever reads the message later, never for the search of the end.
  if (bare_ == bare_newline::normalise)
    append("\r\n", out);
  else
    append(bytes_view(&which, 1), out);
}

void content_reader::append(bytes_view text, bytes* out) {
  size_bytes_ += text.size();
  if (out) out->append(text);
}

} // namespace stagepost::smtp
