#include "protocols/smtp/address.hpp"

#include "protocols/smtp/syntax.hpp"

namespace stagepost::smtp {

namespace {

constexpr size_t max_local_octets = 64; // RFC 5321 4.5.3.1.1

/// Where the quoted string at the front of `text` ends, one behind the closing quote; npos when it does not.
size_t end_of_quoted(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return text.npos;
}

/// The content of a quoted string with its escapes undone; nothing when it holds control characters.
std::optional<std::string> unquote(std::string_view text) {
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    if (uint8_t(text[i]) < 0x20 || text[i] == 0x7f) return std::nullopt;
    out.push_back(text[i]);
  }
  return out;
}

std::optional<mailbox> parse_parts(std::string_view local, std::string_view domain) {
  if (local.size() > max_local_octets) return std::nullopt;
  if (!is_domain_name(domain) && !is_address_literal(domain)) return std::nullopt;
  if (local.starts_with('"')) {
    auto content = unquote(local);
    if (!content) return std::nullopt;
    return mailbox{std::move(*content), std::string(domain)};
  }
  if (!is_dot_string(local)) return std::nullopt;
  return mailbox{std::string(local), std::string(domain)};
}

} // namespace

std::optional<mailbox> parse_mailbox(std::string_view text, bool utf8) {
  if (utf8 ? !is_utf8(text) : !is_ascii(text)) return std::nullopt;
  if (ascii_iequals(text, "postmaster")) return mailbox{std::string(text), {}}; // RFC 5321 4.1.1.3
  const auto at = text.starts_with('"') ? end_of_quoted(text) : text.find('@');
  if (at == text.npos || at >= text.size() || text[at] != '@') return std::nullopt;
  return parse_parts(text.substr(0, at), text.substr(at + 1));
}

std::string to_string(const mailbox& box) {
  std::string out;
  if (is_dot_string(box.local)) {
    out = box.local;
  } else {
    out.push_back('"');
    for (const char c : box.local) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  if (!box.domain.empty()) out += "@" + box.domain;
  return out;
}

} // namespace stagepost::smtp
