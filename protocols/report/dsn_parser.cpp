#include "protocols/report/dsn_parser.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/digest.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/report/header_values.hpp"

namespace stagepost::report {

namespace {

constexpr size_t max_value_octets = 1000;

std::string value_of(const mime::header_field& field) {
  return shortened(mime::unfold(field.value), max_value_octets);
}

/// What follows the type in "type; value".
std::string without_type(std::string_view value) {
  const auto semicolon = value.find(';');
  return std::string(trim(semicolon == value.npos ? value : value.substr(semicolon + 1)));
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out.push_back(char(c));
  } else if (c < 0x800) {
    out.push_back(char(0xc0 | c >> 6));
    out.push_back(char(0x80 | (c & 63)));
  } else if (c < 0x10000) {
    out.push_back(char(0xe0 | c >> 12));
    out.push_back(char(0x80 | (c >> 6 & 63)));
    out.push_back(char(0x80 | (c & 63)));
  } else {
    out.push_back(char(0xf0 | c >> 18));
    out.push_back(char(0x80 | (c >> 12 & 63)));
    out.push_back(char(0x80 | (c >> 6 & 63)));
    out.push_back(char(0x80 | (c & 63)));
  }
}

/// The code point of "\x{F6}" at the front of `text`; nothing when it is none that an address may hold.
std::optional<uint32_t> embedded_at(std::string_view text, size_t& size) {
  if (!text.starts_with("\\x{")) return std::nullopt;
  const auto end = text.find('}');
  if (end == text.npos || end < 4 || end > 9) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(3, end - 3)) {
    const char lower = ascii_lower(c);
    if (!is_ascii_digit(c) && (lower < 'a' || lower > 'f')) return std::nullopt;
    value = value * 16 + uint32_t(is_ascii_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  if (value < 0x20 || value == 0x7f || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
    return std::nullopt;
  size = end + 1;
  return value;
}

/// RFC 6533 3, utf-8-addr-xtext.
std::string unembedded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t size = 1;
    if (const auto c = embedded_at(text, size))
      append_utf8(out, *c);
    else
      out.push_back(text.front());
    text.remove_prefix(size);
  }
  return out;
}

void take_field(const mime::header_field& field, told_dsn& out, told_recipient& one) {
  const auto is = [&](std::string_view name) { return ascii_iequals(field.name, name); };
  const auto value = value_of(field);
  if (is("Reporting-MTA")) {
    out.reporting_host = without_type(value);
  } else if (is("Original-Envelope-Id")) {
    out.envelope_id = value;
  } else if (is("Original-Recipient")) {
    one.original_recipient = value;
  } else if (is("Final-Recipient")) {
    one.final_recipient = without_type(value);
    if (ascii_istarts_with(value, "utf-8")) one.final_recipient = unembedded(one.final_recipient);
  } else if (is("Action")) {
    one.action = ascii_lower(value);
  } else if (is("Status")) {
    // RFC 3464 2.3.4 allows a comment behind it.
    one.status = smtp_client::parse_status(std::string_view(value).substr(0, value.find_first_of(" (")))
                     .value_or(smtp_client::status_code{});
  } else if (is("Remote-MTA")) {
    one.remote_host = without_type(value);
  } else if (is("Diagnostic-Code")) {
    one.diagnostic = without_type(value);
  }
}

/// RFC 3464 2.1: groups of fields with empty lines between them, that of the message first.
void read_groups(bytes_view body, told_dsn& out) {
  while (!body.empty() && out.recipients.size() < max_told_recipients) {
    const auto group = mime::header_block(body);
    told_recipient one;
    for (const auto& field : mime::header_fields(group)) take_field(field, out, one);
    // RFC 3464 2.3: a group of a recipient has at least these two.
    if (!one.final_recipient.empty() && !one.action.empty()) out.recipients.push_back(std::move(one));
    body.remove_prefix(group.size());
  }
}

bytes decoded(bytes_view message, const mime::part& p) {
  return mime::decode_body(message.substr(p.body_offset, p.body_size),
                           mime::parse_transfer_encoding(p.encoding));
}

bool is_type(const mime::part& p, std::string_view type, std::string_view plain, std::string_view global) {
  return p.type == type && (p.subtype == plain || p.subtype == global);
}

} // namespace

std::optional<told_dsn> parse_dsn(bytes_view message) {
  message = message.substr(0, max_dsn_octets);
  const auto digest = mime::make_digest(message);
  const auto& root = digest.root;
  if (!root.is_multipart() || root.subtype != "report" ||
      !ascii_iequals(mime::raw_parameter(root.parameters, "report-type"), "delivery-status"))
    return std::nullopt;
  told_dsn out;
  bool read = false;
  for (const auto& p : root.children) {
    if (!read && is_type(p, "message", "delivery-status", "global-delivery-status")) {
      read_groups(decoded(message, p), out);
      read = true;
    } else if (out.original_message_id.empty() && is_type(p, "message", "rfc822", "global")) {
      out.original_message_id = message_id_of(message.substr(p.body_offset, p.body_size));
    } else if (out.original_message_id.empty() && (is_type(p, "text", "rfc822-headers", "rfc822-header") ||
                                                   is_type(p, "message", "global-headers", ""))) {
      out.original_message_id = message_id_of(decoded(message, p));
    }
  }
  if (out.recipients.empty()) return std::nullopt;
  return out;
}

} // namespace stagepost::report
