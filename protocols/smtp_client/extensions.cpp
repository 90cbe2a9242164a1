#include "protocols/smtp_client/extensions.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

/// The word at the front, and the spaces behind it, taken off `text`.
std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return word;
}

void read_mechanisms(std::string_view list, std::vector<sasl::mechanism>& out) {
  while (!list.empty()) {
    const auto known = sasl::mechanism_named(take_word(list));
    if (known && std::find(out.begin(), out.end(), *known) == out.end()) out.push_back(*known);
  }
}

/// RFC 9422 3: "RCPTMAX=100 MAILMAX=5".
void read_limits(std::string_view list, peer_extensions& out) {
  while (!list.empty()) {
    auto value = take_word(list);
    const auto name = take_until(value, '=');
    const auto number = parse_number<uint32_t>(value).value_or(0);
    if (ascii_iequals(name, "MAILMAX")) out.max_transactions = number;
    if (ascii_iequals(name, "RCPTMAX")) out.max_recipients = number;
    if (ascii_iequals(name, "RCPTDOMAINMAX")) out.max_recipient_domains = number;
  }
}

void read_line(std::string_view line, peer_extensions& out) {
  const auto keyword = take_word(line);
  const auto is = [&](std::string_view name) { return ascii_iequals(keyword, name); };
  if (is("PIPELINING")) {
    out.pipelining = true;
  } else if (is("8BITMIME")) {
    out.eight_bit_mime = true;
  } else if (is("CHUNKING")) {
    out.chunking = true;
  } else if (is("BINARYMIME")) {
    out.binary_mime = true;
  } else if (is("SMTPUTF8")) {
    out.smtp_utf8 = true;
  } else if (is("DSN")) {
    out.dsn = true;
  } else if (is("STARTTLS")) {
    out.start_tls = true;
  } else if (is("REQUIRETLS")) {
    out.require_tls = true;
  } else if (is("ENHANCEDSTATUSCODES")) {
    out.enhanced_codes = true;
  } else if (is("SIZE")) {
    out.size = true;
    out.max_size_bytes = parse_number<uint64_t>(trim(line)).value_or(0);
  } else if (is("AUTH")) {
    read_mechanisms(line, out.mechanisms);
  } else if (ascii_istarts_with(keyword, "AUTH=")) { // before RFC 2554 became final; still announced
    read_mechanisms(keyword.substr(5), out.mechanisms);
    read_mechanisms(line, out.mechanisms);
  } else if (is("LIMITS")) {
    read_limits(line, out);
  }
}

} // namespace

peer_extensions parse_extensions(std::string_view text) {
  peer_extensions out;
  take_until(text, '\n');
  while (!text.empty()) read_line(trim(take_until(text, '\n')), out);
  out.binary_mime = out.binary_mime && out.chunking; // RFC 3030 3
  return out;
}

} // namespace stagepost::smtp_client
