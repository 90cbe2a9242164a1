#include "actors/outbound/content.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::outbound {

namespace {

constexpr std::string_view field = "return-path:";

} // namespace

void leaving_content::feed(bytes_view piece, bytes& out) {
  if (!converter_) return pass(piece, out);
  bytes made;
  converter_->feed(piece, made);
  pass(made, out);
}

void leaving_content::finish(bytes& out) {
  if (converter_) {
    bytes made;
    converter_->finish(made);
    pass(made, out);
  }
  out += held_; // shorter than the name of the field
  held_.clear();
}

void leaving_content::pass(bytes_view piece, bytes& out) {
  if (now_ == place::start) {
    const auto missing = std::min(piece.size(), field.size() - held_.size());
    held_ += piece.substr(0, missing);
    piece.remove_prefix(missing);
    if (held_.size() < field.size()) return;
    if (ascii_iequals(held_, field)) {
      now_ = place::dropping;
    } else {
      now_ = place::behind;
      out += held_;
    }
    held_.clear();
  }
  if (now_ == place::dropping) {
    const auto end = piece.find('\n'); // we wrote the line ourselves: it is not folded
    if (end == piece.npos) return;
    piece.remove_prefix(end + 1);
    now_ = place::behind;
  }
  out += piece;
}

} // namespace stagepost::outbound
