#include "protocols/mime/parameter.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"
#include "protocols/mime/encoded_word.hpp"

#include <algorithm>
#include <map>

namespace stagepost::mime {

namespace {

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

/// RFC 2045 5.1 token, without 8-bit octets.
bool is_token_char(char c) {
  return c > ' ' && c < 127 && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

/// RFC 2231 7 attribute-char.
bool is_attribute_char(char c) { return is_token_char(c) && c != '*' && c != '\'' && c != '%'; }

void skip_white_and_comments(std::string_view& in) {
  for (size_t depth = 0; !in.empty(); in.remove_prefix(1)) {
    const char c = in.front();
    if (c == '(')
      ++depth;
    else if (c == ')' && depth > 0)
      --depth;
    else if (c == '\\' && depth > 0 && in.size() > 1)
      in.remove_prefix(1);
    else if (depth == 0 && !is_white(c))
      return;
  }
}

std::string take_quoted(std::string_view& in) {
  std::string out;
  in.remove_prefix(1);
  while (!in.empty()) {
    char c = in.front();
    in.remove_prefix(1);
    if (c == '"') break;
    if (c == '\\' && !in.empty()) {
      c = in.front();
      in.remove_prefix(1);
    }
    if (c != '\r' && c != '\n') out.push_back(c == '\0' ? ' ' : c);
  }
  return out;
}

/// File names come unquoted with spaces and brackets in them; other values end at white space.
bool may_hold_spaces(std::string_view name) { return name == "name" || name == "filename"; }

std::string take_unquoted(std::string_view& in, bool spaces) {
  size_t size = 0;
  while (size < in.size() && in[size] != ';' &&
         (spaces ? in[size] != '\r' && in[size] != '\n' : !is_white(in[size])))
    ++size;
  std::string out(trim(in.substr(0, size)));
  std::replace(out.begin(), out.end(), '\0', ' ');
  in.remove_prefix(size);
  return out;
}

int hex_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(char(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// Takes `charset'language'` off the front (RFC 2231 4); without it the value has no charset.
std::string_view take_charset(std::string_view& value) {
  const auto first = value.find('\'');
  const auto second = first == value.npos ? value.npos : value.find('\'', first + 1);
  if (second == value.npos) return {};
  const auto charset = value.substr(0, first);
  value.remove_prefix(second + 1);
  return charset;
}

struct piece {
  std::string_view value;
  bool extended;
};

/// RFC 2231 3: the pieces `name*0`, `name*1*`, ... by their numbers.
std::map<uint16_t, piece> pieces_of(const parameter_list& parameters, std::string_view name) {
  std::map<uint16_t, piece> pieces;
  for (const auto& entry : parameters) {
    std::string_view rest = entry.name;
    if (!rest.starts_with(name) || rest.size() < name.size() + 2 || rest[name.size()] != '*') continue;
    rest.remove_prefix(name.size() + 1);
    const bool extended = rest.ends_with('*');
    if (extended) rest.remove_suffix(1);
    if (const auto number = parse_number<uint16_t>(rest))
      pieces.try_emplace(*number, piece{entry.value, extended});
  }
  return pieces;
}

std::optional<std::string> join_pieces(const parameter_list& parameters, std::string_view name) {
  const auto pieces = pieces_of(parameters, name);
  std::string joined;
  std::string_view charset;
  uint16_t expected = 0;
  for (const auto& [number, piece] : pieces) {
    if (number != expected++) break;
    auto value = piece.value;
    if (number == 0 && piece.extended) charset = take_charset(value);
    joined += piece.extended ? percent_decode(value) : std::string(value);
  }
  if (pieces.empty() || expected == 0 || pieces.begin()->first != 0) return std::nullopt;
  return to_utf8(joined, charset);
}

} // namespace

parameterized parse_parameterized(std::string_view value, size_t limit) {
  parameterized out;
  skip_white_and_comments(value);
  while (!value.empty() && (is_token_char(value.front()) || value.front() == '/')) {
    out.value.push_back(ascii_lower(value.front()));
    value.remove_prefix(1);
    // "text / plain" and "text/plain(comment)" are seen; a second word is the first parameter, its semicolon
    // lost.
    const auto before = value.size();
    skip_white_and_comments(value);
    if (value.size() != before && !value.starts_with('/') && !out.value.ends_with('/')) break;
  }
  while (out.parameters.size() < limit) {
    skip_white_and_comments(value);
    if (value.empty()) break;
    size_t size = 0;
    while (size < value.size() && (is_token_char(value[size]) || uint8_t(value[size]) >= 0x80)) ++size;
    parameter entry{ascii_lower(value.substr(0, size)), {}};
    value.remove_prefix(size);
    if (size == 0) {
      value.remove_prefix(1);
      continue;
    }
    skip_white_and_comments(value);
    if (!value.starts_with('=')) continue;
    value.remove_prefix(1);
    while (!value.empty() && is_white(value.front())) value.remove_prefix(1);
    entry.value =
        value.starts_with('"') ? take_quoted(value) : take_unquoted(value, may_hold_spaces(entry.name));
    out.parameters.push_back(std::move(entry));
  }
  return out;
}

std::string_view raw_parameter(const parameter_list& parameters, std::string_view name) {
  for (const auto& entry : parameters)
    if (entry.name == name) return entry.value;
  return {};
}

std::optional<std::string> decoded_parameter(const parameter_list& parameters, std::string_view name) {
  const parameter* plain = nullptr;
  for (const auto& entry : parameters) {
    if (entry.name.size() == name.size() + 1 && entry.name.starts_with(name) && entry.name.ends_with('*')) {
      std::string_view value = entry.value;
      const auto charset = take_charset(value);
      return to_utf8(percent_decode(value), charset);
    }
    if (!plain && entry.name == name) plain = &entry;
  }
  if (auto joined = join_pieces(parameters, name)) return joined;
  if (!plain) return std::nullopt;
  return decode_header_text(plain->value);
}

std::vector<std::string> encode_parameter(std::string_view name, std::string_view utf8) {
  constexpr size_t longest = 60; // leaves room for the name and a fold
  const bool printable = std::all_of(utf8.begin(), utf8.end(), [](char c) { return c >= ' ' && c < 127; });
  if (printable && utf8.size() <= longest) {
    std::string out = std::string(name) + '=';
    if (!utf8.empty() && std::all_of(utf8.begin(), utf8.end(), is_token_char))
      return {out + std::string(utf8)};
    out.push_back('"');
    for (const char c : utf8) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    return {out + '"'};
  }
  std::vector<std::string> pieces{"utf-8''"};
  for (const char c : utf8) {
    if (pieces.back().size() + 3 > longest) pieces.emplace_back();
    if (is_attribute_char(c))
      pieces.back().push_back(c);
    else
      pieces.back() += '%' + ascii_upper(to_hex({&c, 1}));
  }
  if (pieces.size() == 1) return {std::string(name) + "*=" + pieces.front()};
  for (size_t i = 0; i < pieces.size(); ++i)
    pieces[i] = std::string(name) + '*' + std::to_string(i) + "*=" + pieces[i];
  return pieces;
}

} // namespace stagepost::mime
