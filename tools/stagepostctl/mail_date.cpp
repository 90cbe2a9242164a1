#include "tools/stagepostctl/mail_date.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::ctl {

namespace {

bool is_day_of_week(std::string_view word) {
  for (const auto* name : {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"})
    if (ascii_iequals(word, name)) return true;
  return false;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < line.size();) {
    const auto begin = line.find_first_not_of(" \t\r\n", at);
    if (begin == line.npos) break;
    const auto end = std::min(line.find_first_of(" \t\r\n", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

uint64_t seconds_of(const std::optional<mime::date_time>& date) {
  return date ? uint64_t(std::max<int64_t>(unix_seconds(date->at), 0)) : 0;
}

} // namespace

uint64_t seconds_of_separator(std::string_view line) {
  const auto words = words_of(line);
  // From behind: the sender may be a name with spaces, a day of the week among them.
  for (size_t i = words.size(); i-- > 1;) {
    auto day_of_week = words[i];
    const bool comma = day_of_week.ends_with(',');
    if (comma) day_of_week.remove_suffix(1);
    if (!is_day_of_week(day_of_week)) continue;
    if (comma) return seconds_of(mime::parse_date(line.substr(size_t(words[i].data() - line.data()))));
    if (words.size() < i + 5) return 0;
    // asctime's order is month, day, time, year; some put a zone into it, before the year or behind.
    std::string_view year, zone;
    for (size_t j = i + 4; j < words.size() && j < i + 6; ++j) {
      const bool is_year =
          words[j].size() == 4 && std::all_of(words[j].begin(), words[j].end(), is_ascii_digit);
      (is_year && year.empty() ? year : zone) = words[j];
    }
    std::string date(words[i + 2]);
    for (const auto part : {words[i + 1], year, words[i + 3], zone}) date.append(" ").append(part);
    return seconds_of(mime::parse_date(date));
  }
  return 0;
}

uint64_t seconds_of_header(std::string_view message) {
  const auto field = mime::find_field(mime::header_block(message), "Date");
  return field ? seconds_of(mime::parse_date(field->value)) : 0;
}

} // namespace stagepost::ctl
