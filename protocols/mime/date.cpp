#include "protocols/mime/date.hpp"

#include "protocols/base/text.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace stagepost::mime {

namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// Takes the words and numbers of a date one by one, passing over white space and comments.
class date_reader {
public:
  explicit date_reader(std::string_view value) : left_(value) {}

  std::string_view take_letters() { return take_while(is_ascii_alpha); }
  std::string_view take_digits() { return take_while(is_ascii_digit); }

  bool take(char wanted) {
    skip();
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(1);
    return true;
  }

  /// True when the next thing is the given character, right here, without white space.
  bool take_adjacent(char wanted) {
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(1);
    return true;
  }

private:
  std::string_view take_while(bool (*wanted)(char)) {
    skip();
    size_t size = 0;
    while (size < left_.size() && wanted(left_[size])) ++size;
    const auto head = left_.substr(0, size);
    left_.remove_prefix(size);
    return head;
  }

  void skip() {
    for (size_t depth = 0; !left_.empty(); left_.remove_prefix(1)) {
      const char c = left_.front();
      if (c == '(')
        ++depth;
      else if (c == ')' && depth > 0)
        --depth;
      else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
        return;
    }
  }

  std::string_view left_;
};

/// 1 to 12, or 0.
unsigned month_of(std::string_view word) {
  for (unsigned i = 0; i < month_names.size(); ++i)
    if (word.size() >= 3 && ascii_iequals(word.substr(0, 3), month_names[i])) return i + 1;
  return 0;
}

/// RFC 5322 4.3: two digits are 1950 to 2049, three count from 1900.
std::optional<int> year_of(std::string_view digits) {
  const auto number = parse_number<uint32_t>(digits);
  if (!number || digits.size() < 2 || digits.size() > 4) return std::nullopt;
  const int year = int(*number);
  if (digits.size() == 2) return year < 50 ? 2000 + year : 1900 + year;
  if (digits.size() == 3) return 1900 + year;
  // "0102" comes from programs that pad the years since 1900 to four digits.
  if (year >= 100 && year < 200) return 1900 + year;
  return year >= 1900 ? std::optional(year) : std::nullopt;
}

struct clock_time {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

std::optional<clock_time> read_clock(date_reader& in) {
  const auto hour = parse_number<uint16_t>(in.take_digits());
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = parse_number<uint16_t>(in.take_digits());
  if (!minute) return std::nullopt;
  uint16_t second = 0;
  if (in.take(':')) {
    const auto digits = parse_number<uint16_t>(in.take_digits());
    if (!digits) return std::nullopt;
    second = *digits;
    if (in.take_adjacent('.')) in.take_digits();
  }
  if (*hour > 23 || *minute > 59 || second > 60) return std::nullopt;
  return clock_time{*hour, *minute, second};
}

minutes read_zone(date_reader& in) {
  const bool west = in.take('-');
  if (west || in.take('+')) {
    auto digits = in.take_digits();
    std::string joined(digits);
    if (digits.size() == 2 && in.take_adjacent(':')) joined += in.take_digits();
    const auto number = parse_number<uint16_t>(joined);
    if (joined.size() != 4 || !number || *number % 100 > 59) return minutes{0};
    const minutes offset{*number / 100 * 60 + *number % 100};
    return west ? -offset : offset;
  }
  // RFC 5322 4.3. The military letters were defined with the wrong sign once and mean -0000, as does anything
  // unknown.
  static constexpr std::array<std::pair<std::string_view, int>, 8> zones = {{{"EDT", -4},
                                                                             {"EST", -5},
                                                                             {"CDT", -5},
                                                                             {"CST", -6},
                                                                             {"MDT", -6},
                                                                             {"MST", -7},
                                                                             {"PDT", -7},
                                                                             {"PST", -8}}};
  const auto name = in.take_letters();
  for (const auto& [zone, hours] : zones)
    if (ascii_iequals(name, zone)) return std::chrono::hours{hours};
  return minutes{0};
}

std::optional<date_time> compose(std::optional<int> year, unsigned month, std::optional<uint16_t> day,
                                 std::optional<clock_time> clock, minutes zone) {
  namespace chrono = std::chrono;
  if (!year || !day || !clock) return std::nullopt;
  const chrono::year_month_day date{chrono::year{*year}, chrono::month{month}, chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  const auto local = chrono::sys_days{date} + chrono::hours{clock->hour} + minutes{clock->minute} +
                     chrono::seconds{clock->second};
  return date_time{local - zone, zone};
}

} // namespace

std::optional<date_time> parse_date(std::string_view value) {
  date_reader in(value);
  auto word = in.take_letters();
  if (!word.empty() && month_of(word) == 0) {
    in.take(',');
    word = in.take_letters();
  }
  if (const auto month = month_of(word)) {
    const auto day = parse_number<uint16_t>(in.take_digits());
    const auto clock = read_clock(in);
    return compose(year_of(in.take_digits()), month, day, clock, read_zone(in));
  }
  if (!word.empty()) return std::nullopt;
  const auto day = parse_number<uint16_t>(in.take_digits());
  in.take('-');
  const auto month = month_of(in.take_letters());
  in.take('-');
  const auto year = year_of(in.take_digits());
  const auto clock = read_clock(in);
  return compose(year, month, day, clock, read_zone(in));
}

std::string format_date(const date_time& date) {
  namespace chrono = std::chrono;
  const auto local = chrono::floor<chrono::seconds>(date.at) + date.zone;
  const auto day = chrono::floor<chrono::days>(local);
  const chrono::year_month_day ymd{day};
  const chrono::hh_mm_ss clock{local - day};
  const auto zone = chrono::abs(date.zone).count();
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d %c%02d%02d",
                    day_names[chrono::weekday{day}.c_encoding()].data(), unsigned(ymd.day()),
                    month_names[unsigned(ymd.month()) - 1].data(), int(ymd.year()),
                    int(clock.hours().count()), int(clock.minutes().count()), int(clock.seconds().count()),
                    date.zone < minutes{0} ? '-' : '+', int(zone / 60 % 100), int(zone % 60));
  return std::string(text, size_t(size));
}

} // namespace stagepost::mime
