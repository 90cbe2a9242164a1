#include "protocols/mime/header.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::mime {

namespace {

/// Where the line that begins at `from` ends, its newline included.
size_t line_end(bytes_view block, size_t from) {
  const auto newline = block.find('\n', from);
  return newline == block.npos ? block.size() : newline + 1;
}

bool is_empty_line(bytes_view block, size_t from) {
  return block.substr(from, 1) == "\n" || block.substr(from, 2) == "\r\n";
}

} // namespace

bool is_field_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127 && c != ':'; });
}

bytes_view header_block(bytes_view message) {
  for (size_t at = 0; at < message.size();) {
    const bool last = is_empty_line(message, at);
    at = line_end(message, at);
    if (last) return message.substr(0, at);
  }
  return message;
}

void header_fields::iterator::read(size_t from) {
  field_ = {};
  if (from >= block_.size() || is_empty_line(block_, from)) return;
  size_t end = line_end(block_, from);
  while (end < block_.size() && (block_[end] == ' ' || block_[end] == '\t')) end = line_end(block_, end);

  field_.offset = from;
  field_.size = end - from;
  auto text = block_.substr(from, end - from);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  field_.value = text;
  const auto colon = text.find(':');
  if (colon == text.npos) return;
  // RFC 5322 4.5: white space before the colon was once allowed.
  auto name = text.substr(0, colon);
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  if (!is_field_name(name)) return;
  field_.name = name;
  field_.value = text.substr(colon + 1);
}

std::optional<header_field> find_field(bytes_view block, std::string_view name) {
  for (const auto& field : header_fields(block))
    if (ascii_iequals(field.name, name)) return field;
  return std::nullopt;
}

std::string unfold(std::string_view value) {
  constexpr std::string_view unwanted("\r\n\0", 3);
  std::string out;
  if (value.find_first_of(unwanted) == value.npos) {
    out = trim(value);
    return out;
  }
  out.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c != '\r' && c != '\n' && c != '\0') {
      out.push_back(c);
      continue;
    }
    const size_t newline = c == '\n' ? i : value.substr(i, 2) == "\r\n" ? i + 1 : value.npos;
    if (newline != value.npos) i = newline;
    const bool folded =
        newline + 1 < value.size() && (value[newline + 1] == ' ' || value[newline + 1] == '\t');
    if (newline == value.npos || !folded) out.push_back(' ');
  }
  return std::string(trim(out));
}

} // namespace stagepost::mime
