#include "protocols/smtp_client/transfer_writer.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

constexpr size_t octets_of_line = 57; // of base64: 76 characters
constexpr size_t longest_line = 75;   // of quoted-printable, and the "=" of a soft line break
constexpr size_t looked_ahead = 5;    // "From "
constexpr std::string_view hex_digits = "0123456789ABCDEF";

void append_escape(char c, bytes& out) {
  out.push_back('=');
  out.push_back(hex_digits[uint8_t(c) >> 4]);
  out.push_back(hex_digits[uint8_t(c) & 15]);
}

} // namespace

void base64_writer::write_line(bytes_view octets, bytes& out) {
  if (!first_) out += "\r\n";
  first_ = false;
  out += base64_encode(octets);
}

void base64_writer::feed(bytes_view piece, bytes& out) {
  if (!held_.empty()) {
    const auto part = piece.substr(0, octets_of_line - held_.size());
    held_ += part;
    piece.remove_prefix(part.size());
    if (held_.size() < octets_of_line) return;
    write_line(held_, out);
    held_.clear();
  }
  for (; piece.size() >= octets_of_line; piece.remove_prefix(octets_of_line))
    write_line(piece.substr(0, octets_of_line), out);
  held_ = piece;
}

void base64_writer::finish(bytes& out) {
  if (!held_.empty()) write_line(held_, out);
  held_.clear();
}

size_t quoted_printable_writer::write(bytes_view text, size_t size, bytes& out) {
  size_t i = 0;
  for (; i < size; ++i) {
    const char c = text[i];
    if (c == '\n' || text.substr(i, 2) == "\r\n") {
      if (c == '\r') ++i;
      out += "\r\n";
      column_ = 0;
      continue;
    }
    const auto after = text.substr(i + 1, 2);
    const bool ends_line = after.empty() || after.starts_with('\n') || after == "\r\n";
    const bool fragile = column_ == 0 && (c == '.' || (c == 'F' && text.substr(i, 5) == "From "));
    const bool blank = c == ' ' || c == '\t';
    const bool plain = !fragile && ((c > ' ' && c < 127 && c != '=') || (blank && !ends_line));
    const size_t width = plain ? 1 : 3;
    if (column_ + width > longest_line) {
      out += "=\r\n";
      column_ = 0;
    }
    if (plain)
      out.push_back(c);
    else
      append_escape(c, out);
    column_ += width;
  }
  return i;
}

void quoted_printable_writer::feed(bytes_view piece, bytes& out) {
  held_ += piece;
  if (held_.size() <= looked_ahead) return;
  held_.erase(0, write(held_, held_.size() - looked_ahead, out));
}

void quoted_printable_writer::finish(bytes& out) {
  write(held_, held_.size(), out);
  held_.clear();
}

void quoted_printable_mender::escape(char c, bytes& out) {
  if (column_ + 3 > longest_line) {
    out += "=\r\n";
    column_ = 0;
  }
  append_escape(c, out);
  column_ += 3;
}

void quoted_printable_mender::feed(bytes_view piece, bytes& out) {
  for (const char c : piece) {
    if (c == '\n') {
      out += "\r\n";
      column_ = 0;
      after_cr_ = false;
      continue;
    }
    if (after_cr_) escape('\r', out);
    after_cr_ = c == '\r';
    if (after_cr_) continue;
    if (uint8_t(c) >= 0x80 || c == '\0') {
      escape(c, out);
    } else {
      out.push_back(c);
      ++column_;
    }
  }
}

void quoted_printable_mender::finish(bytes& out) {
  if (after_cr_) escape('\r', out);
  after_cr_ = false;
}

void line_mender::feed(bytes_view piece, bytes& out) {
  for (const char c : piece) {
    if (c == '\n') {
      out += "\r\n";
    } else {
      if (after_cr_) out += "\r\n";
      if (c != '\r') out.push_back(uint8_t(c) >= 0x80 || c == '\0' ? '?' : c);
    }
    after_cr_ = c == '\r';
  }
}

void line_mender::finish(bytes& out) {
  if (after_cr_) out += "\r\n";
  after_cr_ = false;
}

} // namespace stagepost::smtp_client
