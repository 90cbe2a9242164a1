#include "protocols/smtp_client/content_writer.hpp"

namespace stagepost::smtp_client {

bool newline_guard::feed(bytes_view piece) {
  while (clean_ && !piece.empty()) {
    const auto newline = piece.find('\n');
    const bool ends = newline != piece.npos;
    const auto line = piece.substr(0, newline);
    const auto first_cr = line.find('\r');
    // The CR of a CRLF may have come with the piece before.
    if (after_cr_ && !(ends && line.empty())) clean_ = false;
    if (first_cr != line.npos && first_cr + 1 != line.size()) clean_ = false;
    if (ends && !after_cr_ && first_cr == line.npos) clean_ = false;
    after_cr_ = !ends && first_cr != line.npos;
    piece.remove_prefix(line.size() + (ends ? 1 : 0));
  }
  return clean_;
}

void dot_writer::feed(bytes_view piece, bytes& out) {
  out.reserve(out.size() + piece.size() + 64);
  while (!piece.empty()) {
    if (line_begins_ && piece.front() == '.') out.push_back('.');
    line_begins_ = false;
    const auto newline = piece.find('\n');
    const auto line = piece.substr(0, newline == piece.npos ? newline : newline + 1);
    out += line;
    piece.remove_prefix(line.size());
    line_begins_ = newline != bytes_view::npos;
  }
}

void dot_writer::finish(bytes& out) { out += line_begins_ ? ".\r\n" : "\r\n.\r\n"; }

} // namespace stagepost::smtp_client
