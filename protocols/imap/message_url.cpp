#include "protocols/imap/message_url.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

std::optional<unsigned> hex_value(char c) {
  if (is_ascii_digit(c)) return unsigned(c - '0');
  const char lower = ascii_lower(c);
  if (lower >= 'a' && lower <= 'f') return unsigned(lower - 'a' + 10);
  return std::nullopt;
}

/// RFC 3986 2.1. Nothing for what no URL may hold, and for control characters, encoded or not.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (uint8_t(c) <= 0x20 || uint8_t(c) >= 0x7f) return std::nullopt;
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = char(*high * 16 + *low);
      if (uint8_t(c) < 0x20 || c == 0x7f) return std::nullopt;
      i += 2;
    }
    out += c;
  }
  return out;
}

/// Takes ";NAME=" or "/;NAME=" off the front, in any case.
bool take_name(std::string_view& text, std::string_view name) {
  std::string_view rest = text;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (!rest.starts_with(';') || !ascii_istarts_with(rest.substr(1), name)) return false;
  rest.remove_prefix(1 + name.size());
  if (!rest.starts_with('=')) return false;
  text = rest.substr(1);
  return true;
}

/// What stands before the next "/;", taken off the front.
std::string_view take_value(std::string_view& text) {
  const std::string_view value = text.substr(0, std::min(text.find("/;"), text.size()));
  text.remove_prefix(value.size());
  return value;
}

template <class Number>
std::optional<Number> nonzero(std::string_view text) {
  const auto value = parse_number<Number>(text);
  return value && *value ? value : std::nullopt;
}

/// The mailbox in front of ";UIDVALIDITY=" or "/;UID=".
bool take_mailbox(std::string_view& text, char separator, message_url& out) {
  text.remove_prefix(1);
  const size_t end = std::min({text.find(';'), text.find("/;"), text.size()});
  const auto name = percent_decoded(text.substr(0, end));
  text.remove_prefix(end);
  if (!name || name->empty() || name->size() > max_name_octets || !is_utf8(*name)) return false;
  out.mailbox = canonical_name(*name, separator);
  return true;
}

bool take_section(std::string_view& text, char separator, message_url& out) {
  if (!take_name(text, "SECTION")) return true;
  const auto decoded = percent_decoded(take_value(text));
  if (!decoded || decoded->empty()) return false;
  const std::string words = *decoded + ']';
  parser in(words, separator);
  fetch_item item;
  item.kind = fetch_kind::section;
  if (!parse_section(in, item) || !in.rest().empty()) return false;
  out.section = std::move(item);
  return true;
}

/// RFC 5092 11 `partial-range`.
bool take_partial(std::string_view& text, message_url& out) {
  if (!take_name(text, "PARTIAL")) return true;
  std::string_view value = take_value(text);
  const bool has_size = value.find('.') != value.npos;
  const auto offset = parse_number<uint64_t>(take_until(value, '.'));
  if (!offset) return false;
  out.offset = *offset;
  if (!has_size) return true;
  out.size = nonzero<uint64_t>(value);
  return out.size.has_value();
}

} // namespace

std::optional<message_url> parse_message_url(std::string_view text, char separator,
                                             const std::optional<url_base>& base) {
  message_url out;
  if (text.empty() || text.size() > max_url_octets) return std::nullopt;
  const bool has_mailbox = text.starts_with('/') && !text.starts_with("/;");
  if (has_mailbox) {
    if (text.starts_with("//") || !take_mailbox(text, separator, out)) return std::nullopt;
    if (text.starts_with(';') && take_name(text, "UIDVALIDITY")) {
      const auto validity = nonzero<uint32_t>(take_value(text));
      if (!validity) return std::nullopt;
      out.validity = stagepost::uid_validity{*validity};
    }
  } else {
    if (!base) return std::nullopt;
    out.mailbox = base->mailbox;
    out.validity = base->validity;
  }
  if (!take_name(text, "UID")) return std::nullopt;
  const auto number = nonzero<uint32_t>(take_value(text));
  if (!number) return std::nullopt;
  out.uid = stagepost::uid{*number};
  if (!take_section(text, separator, out) || !take_partial(text, out)) return std::nullopt;
  if (!text.empty()) return std::nullopt; // an authorization (RFC 4467) or a query
  return out;
}

} // namespace stagepost::imap
