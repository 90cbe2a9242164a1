#include "protocols/mailauth/canonical.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::mailauth {

namespace {

constexpr size_t flush_bytes = 8 * 1024;
constexpr std::string_view newline = "\r\n";

bool is_white_space(char c) { return c == ' ' || c == '\t'; }

bytes_view without_final_newline(bytes_view field) {
  if (field.ends_with('\n')) field.remove_suffix(1);
  if (field.ends_with('\r')) field.remove_suffix(1);
  return field;
}

/// RFC 6376 3.4.2, without the CRLF at the end.
void append_relaxed(bytes& out, bytes_view field) {
  const auto colon = field.find(':');
  auto name = field.substr(0, colon);
  while (!name.empty() && is_white_space(name.back())) name.remove_suffix(1);
  for (const char c : name) out.push_back(ascii_lower(c));
  if (colon == field.npos) return;
  out.push_back(':');

  const auto value = field.substr(colon + 1);
  bool space = false;
  bool begun = false;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    // Within a field a newline is always folding: that is where the field would have ended otherwise.
    if (c == '\n' || (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n')) continue;
    if (is_white_space(c)) {
      space = begun;
      continue;
    }
    if (space) out.push_back(' ');
    out.push_back(c);
    space = false;
    begun = true;
  }
}

void append_form(bytes& out, canonicalization how, bytes_view field) {
  if (how == canonicalization::relaxed)
    append_relaxed(out, field);
  else
    out += field;
}

} // namespace

std::string_view to_string(canonicalization how) {
  return how == canonicalization::simple ? "simple" : "relaxed";
}

void append_canonical_field(bytes& out, canonicalization how, bytes_view field) {
  append_form(out, how, without_final_newline(field));
  out += newline;
}

void append_canonical_unsigned(bytes& out, canonicalization how, bytes_view field, size_t b_offset,
                               size_t b_size) {
  bytes rest(field.substr(0, b_offset));
  rest += without_final_newline(field).substr(b_offset + b_size);
  append_form(out, how, rest);
}

body_canonicalizer::body_canonicalizer(canonicalization how, sink to)
    : relaxed_(how == canonicalization::relaxed), to_(std::move(to)) {}

void body_canonicalizer::feed(bytes_view piece) {
  for (size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (cr_) {
      cr_ = false;
      if (c == '\n') {
        space_ = false; // white space at the end of a line
        ++newlines_;
        continue;
      }
      put_pending();
      put("\r");
    }
    if (c == '\r') {
      cr_ = true;
      continue;
    }
    if (relaxed_ && is_white_space(c)) {
      space_ = true;
      continue;
    }
    size_t end = i + 1;
    while (end < piece.size() && piece[end] != '\r' && !(relaxed_ && is_white_space(piece[end]))) ++end;
    put_pending();
    put(piece.substr(i, end - i));
    i = end - 1;
  }
}

void body_canonicalizer::finish() {
  if (cr_) {
    put_pending();
    put("\r");
  }
  // Simple makes one CRLF of an empty body, relaxed nothing; both end a last line that has none. White space
  // at the end of that line goes as at the end of others.
  if (content_ || !relaxed_) put(newline);
  flush();
}

void body_canonicalizer::put_pending() {
  for (; newlines_ > 0; --newlines_) put(newline);
  if (space_) put(" ");
  space_ = false;
}

void body_canonicalizer::put(bytes_view octets) {
  content_ = true;
  if (buffer_.size() + octets.size() > flush_bytes) flush();
  if (octets.size() >= flush_bytes)
    to_(octets);
  else
    buffer_ += octets;
}

void body_canonicalizer::flush() {
  if (!buffer_.empty()) to_(buffer_);
  buffer_.clear();
}

body_hash::body_hash(canonicalization how, std::optional<uint64_t> length)
    : how_(how), length_(length), form_(how, [this](bytes_view octets) { add(octets); }) {}

void body_hash::add(bytes_view octets) {
  const auto room = length_ ? *length_ - std::min(*length_, size_) : octets.size();
  hash_.add(octets.substr(0, size_t(std::min<uint64_t>(room, octets.size()))));
  size_ += octets.size();
}

body_digest body_hash::finish() {
  form_.finish();
  body_digest out;
  out.digest = hash_.finish();
  out.size_bytes = size_;
  out.covered_in_full = !length_ || *length_ >= size_;
  out.shorter_than_length = length_ && *length_ > size_;
  return out;
}

} // namespace stagepost::mailauth
