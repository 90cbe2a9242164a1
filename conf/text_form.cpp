#include "conf/text_form.hpp"

#include "conf/outbound_route.hpp"

#include "protocols/base/languages.hpp"
#include "protocols/base/text.hpp"

#include <algorithm>
#include <chrono>

namespace stagepost::conf {
namespace {

bool is_letter_or_digit(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }

bool is_line(std::string_view text) {
  return is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

// RFC 1123 2.1, RFC 5890 2.3.1
bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.back() == '.') return false;
  while (!text.empty())
    if (!is_label(take_until(text, '.'))) return false;
  return true;
}

bool is_host_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  return is_host_name(text);
}

bool is_path(std::string_view text) { return text.starts_with('/') && is_line(text); }

bool is_listen_address(std::string_view text) {
  return text == "*" || is_path(text) || parse_ip(text).has_value();
}

bool is_identifier(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

// The name is looked up where it is used; here it must only be safe to look up.
bool is_time_zone(std::string_view text) {
  if (!is_ascii_alpha(text.front()) || text.back() == '/' || text.find("//") != text.npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != text.npos && at > 0 && at <= 64 && is_line(text) && text.find(' ') == text.npos &&
         !text.substr(at + 1).empty() && text.substr(0, at).find('@') == text.npos;
}

// RFC 5322 3.2.3: of the atext characters those that stand in no ordinary name.
bool is_separator(std::string_view text) {
  return text.size() == 1 && std::string_view{"+-_=#%&!$^~|"}.find(text.front()) != std::string_view::npos;
}

bool is_dns_server(std::string_view text) {
  const auto at = text.find('@');
  if (!parse_ip(text.substr(0, at))) return false;
  if (at == text.npos) return true;
  const auto port = parse_number<uint16_t>(text.substr(at + 1));
  return port && *port != 0;
}

// TAB and LF are part of a text that people write; CR is how some of their programs end lines.
bool is_text(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](unsigned char c) {
           return (c < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127;
         });
}

bool is_domain_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 && is_line(text) && text.find_first_of(" @*,=") == text.npos &&
         text.front() != '.' && text.back() != '.';
}

bool is_sender_override(std::string_view text) {
  const auto equals = text.rfind('=', text.find(' '));
  if (equals == text.npos || !is_line(text)) return false;
  const auto who = text.substr(0, equals);
  const auto known = who.starts_with('@') ? is_domain_name(who.substr(1)) : is_mail_address(who);
  const auto priority = parse_number<uint8_t>(text.substr(equals + 1, text.find(' ') - equals - 1));
  return known && priority && *priority >= 1 && *priority <= 10;
}

bool is_sender_pattern(std::string_view text) {
  return text.size() <= 320 && is_line(text) && text.find_first_of(" ,") == text.npos;
}

bool is_named_address(std::string_view text) {
  const auto equals = text.find('=');
  return equals != text.npos && parse_ip(text.substr(0, equals)) && is_host_name(text.substr(equals + 1));
}

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (text.starts_with(scheme))
      return text.size() > scheme.size() && is_line(text) && text.find_first_of(" \"<>\\") == text.npos;
  return false;
}

/// ISO 8601 as a calendar has it, so that days compare as texts do.
bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = parse_number<uint16_t>(text.substr(0, 4));
  const auto month = parse_number<uint8_t>(text.substr(5, 2));
  const auto day = parse_number<uint8_t>(text.substr(8, 2));
  return year && month && day &&
         std::chrono::year_month_day{std::chrono::year(*year), std::chrono::month(*month),
                                     std::chrono::day(*day)}
             .ok();
}

// What IMAP can name: levels that are not empty, none of LIST's wildcards, INBOX in capitals only, and
// nothing below which it shows the folders of others (protocols/imap/namespaces.hpp).
bool is_folder_name(std::string_view text) {
  constexpr size_t most_levels = 20;
  if (!is_line(text) || text.find_first_of("*%") != text.npos || text.ends_with('/')) return false;
  const std::string_view top = text.substr(0, text.find('/'));
  if (ascii_iequals(top, "INBOX") && (top != "INBOX" || top.size() == text.size())) return false;
  if (top == "Other Users" || top == "Shared Folders") return false;
  size_t levels = 0;
  while (!text.empty())
    if (take_until(text, '/').empty() || ++levels > most_levels) return false;
  return true;
}

} // namespace

bool has_form(text_form form, std::string_view text) {
  if (text.empty()) return false;
  switch (form) {
  case text_form::line:
  case text_form::banner: return is_line(text);
  case text_form::path: return is_path(text);
  case text_form::host_name: return is_host_name(text);
  case text_form::host_pattern: return is_host_pattern(text);
  case text_form::listen_address: return is_listen_address(text);
  case text_form::identifier: return is_identifier(text);
  case text_form::time_zone: return is_time_zone(text);
  case text_form::mail_address: return is_mail_address(text);
  case text_form::separator: return is_separator(text);
  case text_form::dns_server: return is_dns_server(text);
  case text_form::ip_address: return parse_ip(text).has_value();
  case text_form::route: return parse_route(text).has_value();
  case text_form::text: return is_text(text);
  case text_form::domain_name: return is_domain_name(text);
  case text_form::sender_override: return is_sender_override(text);
  case text_form::sender_pattern: return is_sender_pattern(text);
  case text_form::named_address: return is_named_address(text);
  case text_form::host: return is_host_name(text) || parse_ip(text).has_value();
  case text_form::url: return is_url(text);
  case text_form::day: return is_day(text);
  case text_form::language: return is_stemmed_language(text);
  case text_form::folder_name: return is_folder_name(text);
  }
  return false;
}

std::string_view phrase_of(text_form form) {
  switch (form) {
  case text_form::line:
  case text_form::banner: return "one line of UTF-8 text without control characters";
  case text_form::path: return "an absolute path";
  case text_form::host_name: return "a host name of letters, digits, hyphens and dots";
  case text_form::host_pattern: return "a host name whose first label may be \"*\"";
  case text_form::listen_address:
    return "an IPv4 or IPv6 address, \"*\" or the absolute path of a unix socket";
  case text_form::identifier: return "a name of letters, digits, \"-\", \"_\" and \".\"";
  case text_form::time_zone: return "a time zone name such as Europe/Berlin";
  case text_form::mail_address: return "a mail address";
  case text_form::separator: return "one of + - _ = # % & ! $ ^ ~ |";
  case text_form::dns_server: return "an IPv4 or IPv6 address, or one with @port";
  case text_form::ip_address: return "an IPv4 or IPv6 address";
  case text_form::route:
    return "a route such as example.org=192.0.2.1:25 or *=[2001:db8::1]:25 required (none, opportunistic or "
           "required TLS)";
  case text_form::text: return "UTF-8 text without control characters other than line ends and tabs";
  case text_form::domain_name: return "a domain name";
  case text_form::sender_override:
    return "an address or @domain with a priority from 1 to 10 and a description, such as "
           "support@example.org=8 answers to customers";
  case text_form::sender_pattern: return "an address or a domain, with \"*\" for any characters";
  case text_form::named_address: return "an address and its host name, such as 192.0.2.1=mail.example.org";
  case text_form::host: return "a host name or an IP address";
  case text_form::url: return "an http or https address";
  case text_form::day: return "a day such as 2026-12-24";
  case text_form::language: return "a language such as en, de or fr";
  case text_form::folder_name: return "the name of a folder, without * and %, with \"/\" between levels";
  }
  return "a text";
}

} // namespace stagepost::conf
