#include "protocols/pop3/dot_stuffing.hpp"

namespace stagepost::pop3 {

void dot_stuffing::write(bytes_view piece, bytes& out) {
  if (piece.empty()) return;
  size_t copied = 0;
  if (piece.front() == '.' && last_ == '\n') out.push_back('.');
  for (size_t at = piece.find("\n."); at != bytes_view::npos; at = piece.find("\n.", at + 1)) {
    out.append(piece.substr(copied, at + 1 - copied));
    out.push_back('.');
    copied = at + 1;
  }
  out.append(piece.substr(copied));
  before_last_ = piece.size() > 1 ? piece[piece.size() - 2] : last_;
  last_ = piece.back();
}

void dot_stuffing::finish(bytes& out) {
  if (before_last_ != '\r' || last_ != '\n') out.append("\r\n");
  out.append(".\r\n");
}

} // namespace stagepost::pop3
