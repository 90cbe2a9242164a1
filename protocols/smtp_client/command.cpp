#include "protocols/smtp_client/command.hpp"

#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// The code point at the front of well-formed UTF-8, taken off.
uint32_t take_code_point(std::string_view& text) {
  const auto lead = uint8_t(text.front());
  const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t value = size == 1 ? lead : lead & (0x7fu >> size);
  for (size_t i = 1; i < size && i < text.size(); ++i) value = value << 6 | (uint8_t(text[i]) & 0x3f);
  text.remove_prefix(std::min(size, text.size()));
  return value;
}

void append_embedded(std::string& out, uint32_t code_point) {
  std::string digits;
  for (; code_point != 0 || digits.size() < 2; code_point >>= 4)
    digits.push_back(hex_digits[code_point & 15]);
  std::reverse(digits.begin(), digits.end());
  out += "\\x{" + digits + "}";
}

/// RFC 6533 3, utf-8-addr-xtext: only QCHAR and \x{…}. An escape that came from a client stays what it is.
std::string encode_utf8_address(std::string_view address) {
  std::string out;
  while (!address.empty()) {
    const char c = address.front();
    const bool plain = c > ' ' && c < 127 && c != '+' && c != '=' && c != '\\';
    if (plain || address.starts_with("\\x{")) {
      out.push_back(c);
      address.remove_prefix(1);
    } else {
      append_embedded(out, take_code_point(address));
    }
  }
  return out;
}

bool is_address_type(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-';
  });
}

std::string notify_list(uint8_t notify) {
  if (notify & smtp::notify_never) return "NEVER";
  std::string out;
  const auto add = [&](uint8_t bit, std::string_view word) {
    if ((notify & bit) == 0) return;
    if (!out.empty()) out.push_back(',');
    out += word;
  };
  add(smtp::notify_success, "SUCCESS");
  add(smtp::notify_failure, "FAILURE");
  add(smtp::notify_delay, "DELAY");
  return out;
}

} // namespace

std::string encode_xtext(std::string_view text, bool utf8) {
  std::string out;
  for (const char c : text) {
    const auto octet = uint8_t(c);
    if ((octet > ' ' && octet < 127 && c != '+' && c != '=') || (utf8 && octet >= 0x80)) {
      out.push_back(c);
    } else {
      out.push_back('+');
      out.push_back(hex_digits[octet >> 4]);
      out.push_back(hex_digits[octet & 15]);
    }
  }
  return out;
}

std::string encode_original_recipient(std::string_view decoded, bool utf8) {
  auto address = decoded;
  auto type = std::string(take_until(address, ';'));
  if (!is_address_type(type) || address.empty() || address.size() > 500 || !is_utf8(address)) return {};
  const bool ascii = is_ascii(address);
  if (!ascii && !ascii_iequals(type, "utf-8")) type = "utf-8";
  if (ascii_iequals(type, "utf-8") && !(utf8 && !ascii)) return type + ";" + encode_utf8_address(address);
  return type + ";" + encode_xtext(address, utf8);
}

bool is_sendable(std::string_view address, bool may_be_empty) {
  if (address.empty()) return may_be_empty;
  return smtp::parse_mailbox(address, true).has_value();
}

std::string ascii_form(const std::string& address) {
  if (is_ascii(address)) return address;
  auto box = smtp::parse_mailbox(address, true);
  if (!box || !is_ascii(box->local)) return address;
  const auto domain = smtp::canonical_domain(box->domain);
  if (!domain) return address;
  box->domain = *domain;
  return smtp::to_string(*box);
}

bytes mail_line(const mail_command& what) {
  const auto& peer = what.peer;
  bytes out = "MAIL FROM:<" + what.envelope.sender + ">";
  if (peer.size && what.size_bytes != 0) out += " SIZE=" + std::to_string(what.size_bytes);
  if (what.envelope.body == smtp::body_type::binary_mime)
    out += " BODY=BINARYMIME";
  else if (what.envelope.body == smtp::body_type::eight_bit_mime && peer.eight_bit_mime)
    out += " BODY=8BITMIME";
  if (what.smtp_utf8) out += " SMTPUTF8";
  if (what.require_tls) out += " REQUIRETLS";
  if (peer.dsn) {
    if (what.envelope.ret == smtp::return_content::full) out += " RET=FULL";
    if (what.envelope.ret == smtp::return_content::headers) out += " RET=HDRS";
    // RFC 3461 4.4: 100 characters at most, of printable ASCII.
    if (!what.envelope.envelope_id.empty() && is_ascii(what.envelope.envelope_id))
      out += " ENVID=" + encode_xtext(what.envelope.envelope_id, false);
  }
  return out + "\r\n";
}

bytes rcpt_line(const smtp::recipient& whom, const peer_extensions& peer, bool smtp_utf8) {
  bytes out = "RCPT TO:<" + whom.address + ">";
  if (peer.dsn) {
    if (const auto list = notify_list(whom.notify); !list.empty()) out += " NOTIFY=" + list;
    if (const auto original = encode_original_recipient(whom.original_recipient, smtp_utf8);
        !original.empty())
      out += " ORCPT=" + original;
  }
  return out + "\r\n";
}

} // namespace stagepost::smtp_client
