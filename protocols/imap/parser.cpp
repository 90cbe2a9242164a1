#include "protocols/imap/parser.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <array>

namespace stagepost::imap {

namespace {

// RFC 3501 9 `atom-specials`: "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]".
bool is_atom_char(char c) {
  return uint8_t(c) > 0x20 && uint8_t(c) < 0x7f &&
         std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}
bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }
bool is_tag_char(char c) { return is_astring_char(c) && c != '+'; }
bool is_item_char(char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '.'; }
bool is_set_char(char c) { return is_ascii_digit(c) || c == ':' || c == ',' || c == '*' || c == '$'; }

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// "1-Feb-1994" or " 1-Feb-1994".
std::optional<std::chrono::sys_days> read_date(std::string_view text) {
  const std::string_view day_text = take_until(text, '-');
  const std::string_view month_text = take_until(text, '-');
  const auto day = parse_number<unsigned>(day_text.starts_with(' ') ? day_text.substr(1) : day_text);
  const auto year = parse_number<unsigned>(text);
  const auto month = std::find_if(months.begin(), months.end(),
                                  [&](std::string_view name) { return ascii_iequals(name, month_text); });
  if (!day || !year || day_text.size() > 2 || text.size() != 4 || month == months.end()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(int(*year)),
                                         std::chrono::month(unsigned(month - months.begin()) + 1),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// Two digits at `at`, below `limit`.
std::optional<int> two_digits(std::string_view text, size_t at, int limit) {
  const auto value = parse_number<unsigned>(text.substr(at, 2));
  if (!value || int(*value) >= limit) return std::nullopt;
  return int(*value);
}

} // namespace

bool parser::at_end() const { return text_.find_first_not_of(' ', at_) == text_.npos; }

bool parser::end() { return at_end() || fail(parse_errc::syntax, "unexpected text at the end"); }

bool parser::fail(parse_errc error, std::string_view detail) {
  if (detail_.empty()) {
    error_ = error;
    detail_ = detail;
  }
  return false;
}

bool parser::take(char c) {
  if (!peek(c)) return false;
  ++at_;
  return true;
}

bool parser::space() {
  if (!expect(' ')) return false;
  while (take(' ')) {
  }
  return true;
}

bool parser::expect(char c) {
  if (take(c)) return true;
  return fail(parse_errc::syntax, c == ' ' ? "a space is missing" : std::string("missing ") + c);
}

bool parser::take_word(std::string_view word) {
  if (!ascii_iequals(peek_atom(), word)) return false;
  at_ += word.size();
  return true;
}

bool parser::take_text(std::string_view text) {
  if (!ascii_istarts_with(text_.substr(std::min(at_, text_.size())), text)) return false;
  at_ += text.size();
  return true;
}

std::string_view parser::run(bool (*allowed)(char)) const {
  size_t end = at_;
  while (end < text_.size() && allowed(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

std::optional<std::string_view> parser::tag() {
  const std::string_view found = run(is_tag_char);
  if (found.empty() || found.size() > 256) {
    fail(parse_errc::syntax, "invalid tag");
    return std::nullopt;
  }
  at_ += found.size();
  return found;
}

std::string_view parser::peek_atom() const { return run(is_atom_char); }

std::optional<std::string_view> parser::atom() {
  const std::string_view found = peek_atom();
  if (found.empty()) {
    fail(parse_errc::syntax, "a word is missing");
    return std::nullopt;
  }
  at_ += found.size();
  return found;
}

std::string_view parser::rest() const {
  const std::string_view left = text_.substr(at_);
  return left.substr(0, left.find_last_not_of(' ') + 1);
}

std::string_view parser::item_name() {
  const std::string_view found = run(is_item_char);
  at_ += found.size();
  return found;
}

std::optional<std::string> parser::string() {
  if (peek('"')) return quoted();
  if (peek('{')) return literal();
  fail(parse_errc::syntax, "a string is missing");
  return std::nullopt;
}

std::optional<std::string> parser::quoted() {
  std::string value;
  for (++at_; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return value;
    }
    if (c == '\\') {
      // RFC 3501 9: only the quote and the backslash can be escaped.
      if (++at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) break;
      c = text_[at_];
    }
    if (c == 0 || c == '\r' || c == '\n') break;
    value += c;
  }
  fail(parse_errc::syntax, "invalid quoted string");
  return std::nullopt;
}

std::optional<std::string> parser::literal() {
  const size_t close = text_.find("}\r\n", at_);
  if (close == text_.npos) {
    fail(parse_errc::syntax, "invalid literal");
    return std::nullopt;
  }
  std::string_view digits = text_.substr(at_ + 1, close - at_ - 1);
  if (digits.ends_with('+')) digits.remove_suffix(1);
  const auto size = parse_number<uint64_t>(digits);
  const size_t begin = close + 3;
  if (!size || *size > text_.size() - begin) {
    literal_missing_ = size && begin == text_.size();
    fail(parse_errc::syntax, "invalid literal");
    return std::nullopt;
  }
  // A literal whose announcement ends the text has not been sent yet, unless it is empty.
  at_ = begin + size_t(*size);
  return std::string(text_.substr(begin, size_t(*size)));
}

bool parser::at_last_literal() const {
  // RFC 3516 4.4: a literal8 may hold any octet; ours may anyway.
  const size_t open = peek('~') ? at_ + 1 : at_;
  return open < text_.size() && text_[open] == '{' && text_.ends_with("}\r\n") &&
         text_.find("}\r\n", open) == text_.size() - 3;
}

std::optional<std::string> parser::astring() {
  if (peek('"') || peek('{')) return string();
  const std::string_view found = run(is_astring_char);
  if (found.empty()) {
    fail(parse_errc::syntax, "a string is missing");
    return std::nullopt;
  }
  at_ += found.size();
  return std::string(found);
}

std::optional<std::optional<std::string>> parser::nstring() {
  if (take_word("NIL")) return std::optional<std::string>{};
  auto value = string();
  if (!value) return std::nullopt;
  return std::optional<std::string>(std::move(*value));
}

std::optional<uint32_t> parser::number() {
  const std::string_view digits = run(is_ascii_digit);
  const auto value = parse_number<uint32_t>(digits);
  if (!value) fail(parse_errc::syntax, "a number is missing");
  at_ += digits.size();
  return value;
}

std::optional<uint64_t> parser::number64() {
  const std::string_view digits = run(is_ascii_digit);
  auto value = parse_number<uint64_t>(digits);
  if (value && *value > uint64_t(INT64_MAX)) value.reset(); // RFC 7162: 63 bits
  if (!value) fail(parse_errc::syntax, "a number is missing");
  at_ += digits.size();
  return value;
}

std::optional<sequence_set> parser::sequence_set() {
  const std::string_view text = run(is_set_char);
  auto set = parse_sequence_set(text);
  if (!set) fail(parse_errc::syntax, "invalid sequence set");
  at_ += text.size();
  return set;
}

std::optional<std::string> parser::decode_name(std::string wire) const {
  if (!utf8_) return decode_modified_utf7(wire);
  // RFC 6855 3: modified UTF-7 means nothing here any more.
  if (!is_utf8(wire) || wire.find('\0') != wire.npos) return std::nullopt;
  return wire;
}

std::optional<std::string> parser::mailbox() {
  auto wire = astring();
  if (!wire) return std::nullopt;
  const auto name = decode_name(std::move(*wire));
  if (!name || name->empty() || name->size() > max_name_octets) {
    fail(parse_errc::invalid_mailbox, "invalid mailbox name");
    return std::nullopt;
  }
  return canonical_name(*name, separator_);
}

std::optional<std::string> parser::pattern() {
  std::optional<std::string> wire;
  if (peek('"') || peek('{')) {
    wire = string();
  } else {
    wire = std::string(run(is_list_char));
    if (wire->empty()) {
      fail(parse_errc::syntax, "a pattern is missing");
      return std::nullopt;
    }
    at_ += wire->size();
  }
  if (!wire) return std::nullopt;
  auto decoded = decode_name(std::move(*wire));
  if (!decoded || decoded->size() > max_name_octets) {
    fail(parse_errc::invalid_mailbox, "invalid mailbox pattern");
    return std::nullopt;
  }
  return decoded;
}

std::optional<flag_list> parser::flags(bool bare) {
  flag_list list;
  const bool listed = take('(');
  if (!listed && !bare) {
    fail(parse_errc::syntax, "a flag list is missing");
    return std::nullopt;
  }
  if (listed && take(')')) return list;
  do {
    const size_t begin = at_;
    take('\\');
    if (!atom()) return std::nullopt;
    if (!add_flag(list, text_.substr(begin, at_ - begin))) {
      fail(parse_errc::unknown_flag, "unknown flag");
      return std::nullopt;
    }
  } while (take(' '));
  if (listed && !expect(')')) return std::nullopt;
  return list;
}

std::optional<std::chrono::sys_days> parser::date() {
  const auto text = astring();
  if (!text) return std::nullopt;
  const auto value = read_date(*text);
  if (!value) fail(parse_errc::syntax, "invalid date");
  return value;
}

std::optional<instant> parser::date_time() {
  const auto text = peek('"') ? quoted() : std::nullopt;
  if (text && text->size() == 26 && (*text)[11] == ' ' && (*text)[14] == ':' && (*text)[17] == ':' &&
      (*text)[20] == ' ' && ((*text)[21] == '+' || (*text)[21] == '-')) {
    const auto day = read_date(std::string_view(*text).substr(0, 11));
    const auto hours = two_digits(*text, 12, 24), minutes = two_digits(*text, 15, 60);
    const auto seconds = two_digits(*text, 18, 61); // 60: a leap second
    const auto zone_hours = two_digits(*text, 22, 24), zone_minutes = two_digits(*text, 24, 60);
    if (day && hours && minutes && seconds && zone_hours && zone_minutes) {
      const int sign = (*text)[21] == '-' ? -1 : 1;
      const std::chrono::minutes zone(sign * (*zone_hours * 60 + *zone_minutes));
      return instant(*day) + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
             std::chrono::seconds(*seconds) - zone;
    }
  }
  fail(parse_errc::syntax, "invalid date and time");
  return std::nullopt;
}

} // namespace stagepost::imap
