#include "protocols/mailauth/tag_list.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::mailauth {

namespace {

constexpr std::string_view white_space = " \t\r\n";

std::string_view trim_folding(std::string_view text) {
  const auto first = text.find_first_not_of(white_space);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

/// RFC 6376 3.2: ALPHA *(ALPHA / DIGIT / "_").
bool is_tag_name(std::string_view name) {
  return !name.empty() && is_ascii_alpha(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_';
  });
}

/// VALCHAR and folding white space; a ";" cannot be here any more.
bool is_tag_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return (uint8_t(c) > ' ' && uint8_t(c) != 127) || white_space.find(c) != white_space.npos;
  });
}

/// How much of `value` goes into a line with room for `room` octets; at least one break's worth.
size_t piece_size(std::string_view value, break_at breaks, size_t room) {
  if (value.size() <= room || breaks == break_at::nowhere) return value.size();
  if (breaks == break_at::anywhere) return std::max<size_t>(room, 1);
  auto colon = value.substr(0, room).rfind(':');
  if (colon == value.npos) colon = value.find(':');
  return colon == value.npos ? value.size() : colon + 1;
}

} // namespace

std::optional<tag_list> tag_list::parse(std::string_view text) {
  tag_list out;
  while (true) {
    const auto end = text.find(';');
    const auto spec = text.substr(0, end);
    const bool last = end == text.npos;
    if (trim_folding(spec).empty()) {
      // One ";" may follow the last tag; an empty tag elsewhere is an error, and so is a list without tags.
      if (!last || out.tags_.empty()) return std::nullopt;
      return out;
    }
    const auto equals = spec.find('=');
    if (equals == spec.npos) return std::nullopt;
    const auto raw = spec.substr(equals + 1);
    const tag read{trim_folding(spec.substr(0, equals)), trim_folding(raw), raw};
    if (!is_tag_name(read.name) || !is_tag_value(raw) || out.has(read.name)) return std::nullopt;
    if (out.tags_.size() == max_tags) return std::nullopt;
    out.tags_.push_back(read);
    if (last) return out;
    text.remove_prefix(end + 1);
  }
}

const tag* tag_list::find(std::string_view name) const {
  const auto found = std::find_if(tags_.begin(), tags_.end(), [&](const tag& t) { return t.name == name; });
  return found == tags_.end() ? nullptr : &*found;
}

std::string_view tag_list::value(std::string_view name, std::string_view otherwise) const {
  const auto* found = find(name);
  return found ? found->value : otherwise;
}

std::string without_white_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (white_space.find(c) == white_space.npos) out.push_back(c);
  return out;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto colon = text.find(':');
    out.push_back(trim_folding(text.substr(0, colon)));
    if (colon == text.npos) return out;
    text.remove_prefix(colon + 1);
  }
}

bytes write_tag_field(std::string_view field_name, const std::vector<tag_to_write>& tags,
                      size_t line_length) {
  bytes out(field_name);
  out += ':';
  size_t column = out.size();
  const auto new_line = [&] {
    out += "\r\n";
    column = 0;
  };
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto& [name, value, breaks] = tags[i];
    const std::string_view after = i + 1 < tags.size() ? ";" : "";
    const size_t whole = 1 + name.size() + 1 + value.size() + after.size();
    if (column + whole > line_length && column != 0) new_line();
    out += ' ' + name + '=';
    column += name.size() + 2;
    for (std::string_view rest = value; !rest.empty();) {
      const size_t room = line_length > column + after.size() ? line_length - column - after.size() : 1;
      const auto piece = rest.substr(0, piece_size(rest, breaks, room));
      out += piece;
      column += piece.size();
      rest.remove_prefix(piece.size());
      if (rest.empty()) break;
      new_line();
      out += ' ';
      column = 1;
    }
    out += after;
    column += after.size();
  }
  out += "\r\n";
  return out;
}

} // namespace stagepost::mailauth
