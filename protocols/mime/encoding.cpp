#include "protocols/mime/encoding.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>

namespace stagepost::mime {

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<uint8_t, 256> base64_values = [] {
  std::array<uint8_t, 256> values{};
  values.fill(0xff);
  for (size_t i = 0; i < base64_alphabet.size(); ++i) values[uint8_t(base64_alphabet[i])] = uint8_t(i);
  return values;
}();

int hex_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// White space at the end of a line is held back; more than this stands for itself.
constexpr size_t max_held = 1000;

} // namespace

transfer_encoding parse_transfer_encoding(std::string_view name) {
  name = trim(name);
  if (ascii_iequals(name, "base64")) return transfer_encoding::base64;
  if (ascii_iequals(name, "quoted-printable")) return transfer_encoding::quoted_printable;
  return transfer_encoding::identity;
}

void body_decoder::feed(bytes_view piece, bytes& out) {
  switch (encoding_) {
  case transfer_encoding::identity: out += piece; break;
  case transfer_encoding::base64: feed_base64(piece, out); break;
  case transfer_encoding::quoted_printable: feed_quoted_printable(piece, out); break;
  }
}

void body_decoder::finish(bytes& out) {
  // RFC 2045 6.8: six bits alone are no octet.
  if (in_group_ >= 2) out.push_back(char(group_ >> (6 * in_group_ - 8)));
  if (in_group_ == 3) out.push_back(char(group_ >> 2));
  group_ = in_group_ = 0;
  // White space or a soft line break at the very end is dropped, half an escape is shown.
  if (held_.size() == 2 && held_[0] == '=' && hex_value(held_[1]) >= 0) out += held_;
  held_.clear();
}

void body_decoder::feed_base64(bytes_view piece, bytes& out) {
  for (const char c : piece) {
    const auto value = base64_values[uint8_t(c)];
    if (value == 0xff) {
      // Padding ends a run; another may follow, as in bodies pasted together.
      if (c == '=') finish(out);
      continue;
    }
    group_ = group_ << 6 | value;
    if (++in_group_ < 4) continue;
    const char octets[] = {char(group_ >> 16), char(group_ >> 8), char(group_)};
    out.append(octets, 3);
    group_ = in_group_ = 0;
  }
}

void body_decoder::feed_quoted_printable(bytes_view piece, bytes& out) {
  while (!piece.empty()) {
    if (!held_.empty()) {
      if (held_takes(piece.front(), out)) {
        piece.remove_prefix(1);
      } else {
        out += held_;
        held_.clear();
      }
      continue;
    }
    const auto plain = std::min(piece.find_first_of("= \t\r"), piece.size());
    out += piece.substr(0, plain);
    piece.remove_prefix(plain);
    if (piece.empty()) return;
    held_.push_back(piece.front());
    piece.remove_prefix(1);
  }
}

/// Decides what is held back by the octet that follows it. False when it stands for itself and `c` is still
/// to be read.
bool body_decoder::held_takes(char c, bytes& out) {
  const bool escape = held_.front() == '=';
  const bool after_return = held_.back() == '\r';
  if (c == '\n') {
    // RFC 2045 6.7: white space before a line end is padding, `=` before it joins the lines.
    if (!escape) out += after_return ? "\r\n" : "\n";
    held_.clear();
    return true;
  }
  if (after_return || held_.size() >= max_held) return false;
  const int digit = escape ? hex_value(c) : -1;
  if (digit >= 0 && held_.size() == 1) {
    held_.push_back(c);
    return true;
  }
  const int first = escape && held_.size() == 2 ? hex_value(held_[1]) : -1;
  if (first >= 0) {
    if (digit < 0) return false;
    out.push_back(char(first * 16 + digit));
    held_.clear();
    return true;
  }
  if (!is_blank(c) && c != '\r') return false;
  held_.push_back(c);
  return true;
}

bytes decode_body(bytes_view body, transfer_encoding encoding) {
  bytes out;
  out.reserve(encoding == transfer_encoding::base64 ? body.size() / 4 * 3 + 3 : body.size());
  body_decoder decoder(encoding);
  decoder.feed(body, out);
  decoder.finish(out);
  return out;
}

bytes encode_base64_body(bytes_view body) {
  constexpr size_t octets_per_line = 57;
  bytes out;
  out.reserve(body.size() / octets_per_line * 78 + 80);
  for (size_t at = 0; at < body.size(); at += octets_per_line)
    out += base64_encode(body.substr(at, octets_per_line)) + "\r\n";
  return out;
}

bytes encode_quoted_printable(bytes_view text) {
  constexpr size_t longest = 75; // and the "=" of a soft line break
  constexpr std::string_view digits = "0123456789ABCDEF";
  bytes out;
  out.reserve(text.size() + text.size() / 8);
  size_t column = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || text.substr(i, 2) == "\r\n") {
      if (c == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    const auto after = text.substr(i + 1, 2);
    const bool ends_line = after.empty() || after.starts_with('\n') || after == "\r\n";
    // RFC 2045 6.7 rule 3. A leading dot and "From " are escaped too: some relays still change them.
    const bool fragile = column == 0 && (c == '.' || (c == 'F' && text.substr(i, 5) == "From "));
    const bool plain = !fragile && ((c > ' ' && c < 127 && c != '=') || (is_blank(c) && !ends_line));
    if (column + (plain ? 1 : 3) > longest) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('=');
      out.push_back(digits[uint8_t(c) >> 4]);
      out.push_back(digits[uint8_t(c) & 15]);
    }
    column += plain ? 1 : 3;
  }
  return out;
}

} // namespace stagepost::mime
