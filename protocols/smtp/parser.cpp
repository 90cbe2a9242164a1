#include "protocols/smtp/parser.hpp"

#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "protocols/smtp/syntax.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

constexpr size_t max_envelope_id_octets = 100;        // RFC 3461 4.4
constexpr size_t max_original_recipient_octets = 500; // RFC 3461 4.2

/// "FROM:<path> parameters" in two parts, the path without its brackets and its source route.
struct path_and_rest {
  std::string_view path;
  std::string_view rest;
};

/// The place of the ">" that ends the path at the front of `text`; one within a quoted string does not.
size_t end_of_path(std::string_view text) {
  bool quoted = false;
  for (size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == '>' && !quoted)
      return i;
  }
  return text.npos;
}

std::optional<path_and_rest> take_path(std::string_view argument, std::string_view keyword) {
  if (!ascii_istarts_with(argument, keyword)) return std::nullopt;
  const auto text = trim(argument.substr(keyword.size())); // "FROM: <a@b>": sent by many, allowed by nobody
  if (!text.starts_with('<')) return std::nullopt;
  const auto end = end_of_path(text);
  if (end == text.npos) return std::nullopt;
  auto path = text.substr(1, end - 1);
  const auto rest = text.substr(end + 1);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  if (path.starts_with('@')) { // RFC 5321 C: a source route is to be ignored
    const auto colon = path.find(':');
    if (colon == path.npos) return std::nullopt;
    path = path.substr(colon + 1);
  }
  return path_and_rest{path, trim(rest)};
}

struct parameter {
  std::string_view keyword;
  std::string_view value;
  bool has_value = false;
};

/// Takes the next "KEYWORD=value" (RFC 5321 4.1.2, esmtp-param). Nothing when malformed.
std::optional<parameter> take_parameter(std::string_view& rest) {
  const auto text = rest.substr(0, rest.find(' '));
  rest = trim(rest.substr(text.size()));
  const auto equals = text.find('=');
  parameter out{text.substr(0, equals), {}, equals != text.npos};
  if (out.has_value) out.value = text.substr(equals + 1);
  const bool good = !out.keyword.empty() && out.keyword.front() != '-' &&
                    std::all_of(out.keyword.begin(), out.keyword.end(),
                                [](char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-'; });
  if (!good || (out.has_value && out.value.empty())) return std::nullopt;
  return out;
}

enum mail_parameter : unsigned {
  seen_size = 1,
  seen_body = 2,
  seen_utf8 = 4,
  seen_ret = 8,
  seen_envid = 16,
  seen_auth = 32,
  seen_require_tls = 64
};

/// The octets of a parameter that must be there once; false when it came before.
bool first_time(unsigned& seen, unsigned which) {
  const bool first = (seen & which) == 0;
  seen |= which;
  return first;
}

bool read_body(std::string_view value, body_type& body) {
  if (ascii_iequals(value, "7BIT"))
    body = body_type::seven_bit;
  else if (ascii_iequals(value, "8BITMIME"))
    body = body_type::eight_bit_mime;
  else if (ascii_iequals(value, "BINARYMIME"))
    body = body_type::binary_mime;
  else
    return false;
  return true;
}

bool read_ret(std::string_view value, return_content& ret) {
  if (ascii_iequals(value, "FULL"))
    ret = return_content::full;
  else if (ascii_iequals(value, "HDRS"))
    ret = return_content::headers;
  else
    return false;
  return true;
}

bool read_envelope_id(std::string_view value, std::string& id) {
  auto decoded = value.size() <= max_envelope_id_octets ? decode_xtext(value, false) : std::nullopt;
  if (!decoded) return false;
  id = std::move(*decoded);
  return true;
}

/// RFC 4954 5: who submitted it, or "<>". Nothing here trusts it, so only its form is looked at.
bool is_auth_identity(std::string_view value) {
  const auto decoded = decode_xtext(value, true);
  return decoded && (*decoded == "<>" || parse_mailbox(*decoded, true));
}

/// The reply for a parameter that is wrong; nothing when it was taken.
std::optional<reply_kind> take_mail_parameter(const parameter& given, mail_command& out, unsigned& seen) {
  const auto judge = [&](unsigned which, bool good) -> std::optional<reply_kind> {
    if (!first_time(seen, which) || !good) return reply_kind::bad_parameter_value;
    return std::nullopt;
  };
  const auto& [keyword, value, has_value] = given;
  if (ascii_iequals(keyword, "SIZE")) {
    const auto size = parse_number<uint64_t>(value);
    out.size_bytes = size.value_or(0);
    return judge(seen_size, size.has_value());
  }
  if (ascii_iequals(keyword, "BODY")) return judge(seen_body, read_body(value, out.body));
  if (ascii_iequals(keyword, "SMTPUTF8")) {
    out.smtp_utf8 = true;
    return judge(seen_utf8, !has_value);
  }
  if (ascii_iequals(keyword, "RET")) return judge(seen_ret, read_ret(value, out.ret));
  if (ascii_iequals(keyword, "ENVID"))
    return judge(seen_envid, has_value && read_envelope_id(value, out.envelope_id));
  if (ascii_iequals(keyword, "REQUIRETLS")) {
    out.require_tls = true;
    return judge(seen_require_tls, !has_value);
  }
  if (ascii_iequals(keyword, "AUTH")) return judge(seen_auth, has_value && is_auth_identity(value));
  return reply_kind::unknown_parameter;
}

/// RFC 3461 4.1: NEVER alone, or a list of the others.
std::optional<uint8_t> read_notify(std::string_view value) {
  if (ascii_iequals(value, "NEVER")) return notify_never;
  uint8_t bits = 0;
  if (value.empty() || value.ends_with(',')) return std::nullopt;
  while (!value.empty()) {
    const auto word = take_until(value, ',');
    if (ascii_iequals(word, "SUCCESS"))
      bits |= notify_success;
    else if (ascii_iequals(word, "FAILURE"))
      bits |= notify_failure;
    else if (ascii_iequals(word, "DELAY"))
      bits |= notify_delay;
    else
      return std::nullopt;
  }
  return bits;
}

/// RFC 3461 4.2: "addr-type;xtext".
std::optional<std::string> read_original_recipient(std::string_view value, bool utf8) {
  if (value.size() > max_original_recipient_octets) return std::nullopt;
  const auto type = value.substr(0, value.find(';'));
  if (type.size() == value.size() || type.empty() || !is_dot_string(type) || !is_ascii(type))
    return std::nullopt;
  const auto address = decode_xtext(value.substr(type.size() + 1), utf8);
  if (!address || address->empty()) return std::nullopt;
  return std::string(type) + ";" + *address;
}

} // namespace

parsed<mail_command> parse_mail(std::string_view argument) {
  const auto parts = take_path(argument, "FROM:");
  if (!parts) return reply_kind::bad_sender_syntax;
  mail_command out;
  unsigned seen = 0;
  for (auto rest = parts->rest; !rest.empty();) {
    const auto given = take_parameter(rest);
    if (!given) return reply_kind::syntax_error;
    if (const auto wrong = take_mail_parameter(*given, out, seen)) return *wrong;
  }
  if (!parts->path.empty()) {
    if (!out.smtp_utf8 && !is_ascii(parts->path)) return reply_kind::needs_smtp_utf8;
    if (!parse_mailbox(parts->path, out.smtp_utf8)) return reply_kind::bad_sender_syntax;
  }
  out.sender = parts->path;
  return out;
}

parsed<recipient> parse_rcpt(std::string_view argument, bool utf8) {
  const auto parts = take_path(argument, "TO:");
  if (!parts) return reply_kind::bad_recipient_syntax;
  if (!utf8 && !is_ascii(parts->path)) return reply_kind::needs_smtp_utf8;
  if (!parse_mailbox(parts->path, utf8)) return reply_kind::bad_recipient_syntax;
  recipient out;
  out.address = parts->path;
  for (auto rest = parts->rest; !rest.empty();) {
    const auto given = take_parameter(rest);
    if (!given) return reply_kind::syntax_error;
    if (ascii_iequals(given->keyword, "NOTIFY")) {
      const auto bits = read_notify(given->value);
      if (!bits || out.notify != 0) return reply_kind::bad_parameter_value;
      out.notify = *bits;
    } else if (ascii_iequals(given->keyword, "ORCPT")) {
      auto original = read_original_recipient(given->value, utf8);
      if (!original || !out.original_recipient.empty()) return reply_kind::bad_parameter_value;
      out.original_recipient = std::move(*original);
    } else {
      return reply_kind::unknown_parameter;
    }
  }
  return out;
}

parsed<bdat_command> parse_bdat(std::string_view argument) {
  const auto number = argument.substr(0, argument.find(' '));
  const auto rest = trim(argument.substr(number.size()));
  const auto size = parse_number<uint64_t>(number);
  if (!size || (!rest.empty() && !ascii_iequals(rest, "LAST"))) return reply_kind::syntax_error;
  return bdat_command{*size, !rest.empty()};
}

bool is_hello_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("()<>\\\",;@").find(c) == std::string_view::npos;
  });
}

} // namespace stagepost::smtp
