#include "protocols/imap/response.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace stagepost::imap {

namespace {

constexpr size_t longest_quoted = 1000;

bool is_quotable(std::string_view text, bool utf8) {
  return text.size() <= longest_quoted && (!utf8 || is_utf8(text)) &&
         std::all_of(text.begin(), text.end(),
                     [utf8](char c) { return (utf8 || uint8_t(c) < 0x80) && c != '\r' && c != '\n'; });
}

void write_quotable(bytes& out, std::string_view text, bool utf8) {
  const size_t begin = out.size();
  if (is_quotable(text, utf8)) {
    out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  } else {
    out += '{';
    write_number(out, text.size());
    out += "}\r\n";
    out += text;
  }
  std::replace(out.begin() + ptrdiff_t(begin), out.end(), '\0', ' ');
}

} // namespace

const answer_text& text_of(answer which) {
  // The text "completed" follows the name of the command. In the order of the enum.
  static constexpr answer_text table[] = {
      {"OK", "", "completed"},
      {"OK", "", "Logged in"},
      {"OK", "", "Begin TLS negotiation now"},
      {"OK", "READ-WRITE", "completed"},
      {"OK", "READ-ONLY", "completed"},
      {"OK", "", "Conditional STORE failed"},
      {"OK", "EXPUNGEISSUED", "Some of the messages are gone"},
      {"NO", "EXPUNGEISSUED", "The messages are gone"},
      {"OK", "", "IDLE ended"},
      {"OK", "", "All that follows is deflated"},

      {"NO", "NONEXISTENT", "No such mailbox"},
      {"NO", "TRYCREATE", "No such mailbox"},
      {"NO", "ALREADYEXISTS", "The mailbox exists already"},
      {"NO", "NOPERM", "Permission denied"},
      {"NO", "CANNOT", "This cannot be done"},
      {"NO", "CANNOT", "Invalid mailbox name"},
      {"NO", "OVERQUOTA", "The quota would be exceeded"},
      {"NO", "TOOBIG", "The message is too big"},
      {"NO", "LIMIT", "A limit would be exceeded"},
      {"NO", "HASCHILDREN", "The mailbox has mailboxes below it"},
      {"NO", "INUSE", "The mailbox is in use, try again"},
      {"NO", "UNAVAILABLE", "Temporary failure, try again later"},
      {"NO", "", "The mailbox is read-only"},
      {"NO", "BADCHARSET (US-ASCII UTF-8)", "Unknown character set"},
      {"NO", "USEATTR", "Unknown special use"},
      {"NO", "", "The message is empty"},
      {"NO", "BADURL", "The message a URL names cannot be had"},
      {"NO", "NONEXISTENT", "No such message"},
      {"NO", "NONEXISTENT", "No such quota root"},
      {"NO", "CANNOT", "No such user"},
      {"NO", "UNKNOWN-CTE", "A part has an unknown transfer encoding"},
      {"NO", "PRIVACYREQUIRED", "Use TLS before logging in"},
      {"NO", "AUTHENTICATIONFAILED", "Authentication failed"},
      {"NO", "AUTHORIZATIONFAILED", "This service is not open to you"},
      {"NO", "LIMIT", "Too many failed logins, wait"},
      {"NO", "UNAVAILABLE", "Authentication is not possible now, try again later"},
      {"NO", "UNAVAILABLE", "One login at a time, try again"},
      {"NO", "CANNOT", "Unsupported authentication mechanism"},
      {"NO", "COMPRESSIONACTIVE", "The connection is compressed already"},
      {"NO", "", "Unknown language"},
      {"NO", "TOOSMALL", "A batch has 500 messages or more"},
      {"NO", "", "Too many messages for one command"},
      {"NO", "", "Some of the events are not known here"},

      {"BAD", "", "Syntax error"},
      {"BAD", "", "Unknown command"},
      {"BAD", "", "Command not valid in this state"},
      {"BAD", "", "Invalid tag"},
      {"BAD", "", "The line is too long"},
      {"BAD", "", "The literal is too long"},
      {"BAD", "", "The command is too complex"},
      {"BAD", "", "Unknown flag"},
      {"BAD", "", "No such message"},
      {"BAD", "", "Authentication cancelled"},
      {"BAD", "", "Invalid base64"},
      {"BAD", "", "DONE expected"},
      {"BAD", "", "Enable the extension first"},
      {"BAD", "UIDREQUIRED", "Use UIDs, message numbers were given up"},

      {"BYE", "", "Logging out"},
      {"BYE", "", "Too many invalid commands"},
      {"BYE", "", "Too many failed logins"},
      {"BYE", "", "Disconnected for inactivity"},
      {"BYE", "UNAVAILABLE", "Server shutting down"},
      {"BYE", "", "The selected mailbox was deleted"},
      {"BYE", "", "The input cannot be understood any more"},
  };
  static_assert(std::size(table) == size_t(answer::bye_unparsable) + 1);
  return table[size_t(which)];
}

answer answer_for(outcome result, bool for_new_message) {
  switch (result) {
  case outcome::done: return answer::completed;
  case outcome::no_such_mailbox: return for_new_message ? answer::try_create : answer::no_such_mailbox;
  case outcome::already_exists: return answer::already_exists;
  case outcome::not_permitted: return answer::not_permitted;
  case outcome::cannot: return answer::cannot;
  case outcome::over_quota: return answer::over_quota;
  case outcome::too_big: return answer::too_big;
  case outcome::limit_reached: return answer::limit_reached;
  case outcome::has_children: return answer::has_children;
  case outcome::in_use: return answer::in_use;
  case outcome::expunged: return answer::some_expunged;
  case outcome::no_such_user: return answer::no_such_user;
  case outcome::unavailable: break;
  }
  return answer::unavailable;
}

answer answer_for(parse_errc error) {
  switch (error) {
  case parse_errc::syntax: break;
  case parse_errc::invalid_mailbox: return answer::invalid_mailbox_name;
  case parse_errc::unknown_flag: return answer::unknown_flag;
  case parse_errc::unknown_charset: return answer::unknown_charset;
  case parse_errc::unknown_use: return answer::unknown_use;
  case parse_errc::too_complex: return answer::too_complex;
  }
  return answer::syntax;
}

void write_number(bytes& out, uint64_t number) { out += std::to_string(number); }

void write_string(bytes& out, std::string_view text) { write_quotable(out, text, false); }
void write_utf8_string(bytes& out, std::string_view text) { write_quotable(out, text, true); }

void write_nstring(bytes& out, const std::optional<std::string>& text) {
  if (text)
    write_string(out, *text);
  else
    out += "NIL";
}

void write_astring(bytes& out, std::string_view text) {
  parser reading(text, '/');
  const auto atom = reading.atom();
  if (atom && atom->size() == text.size())
    out += text;
  else
    write_string(out, text);
}

void write_mailbox(bytes& out, std::string_view name) { write_string(out, encode_modified_utf7(name)); }

void write_date_time(bytes& out, instant utc, std::chrono::minutes zone) {
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto at = utc + zone;
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at - day).count();
  // Four digits are all the format has.
  const int year = std::clamp(int(date.year()), 0, 9999);
  const int ahead = int(std::abs(zone.count()));
  char text[80];
  const int size =
      std::snprintf(text, sizeof text, "\"%2u-%s-%04d %02d:%02d:%02d %c%02d%02d\"", unsigned(date.day()),
                    months[unsigned(date.month()) - 1], year, int(seconds / 3600), int(seconds / 60 % 60),
                    int(seconds % 60), zone.count() < 0 ? '-' : '+', ahead / 60 % 100, ahead % 60);
  out.append(text, size_t(size));
}

} // namespace stagepost::imap
