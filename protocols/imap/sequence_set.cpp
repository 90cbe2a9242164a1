#include "protocols/imap/sequence_set.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <string>

namespace stagepost::imap {

namespace {

bool parse_one(std::string_view text, uint32_t& number) {
  if (text == "*") {
    number = 0;
    return true;
  }
  // nz-number has no leading zero (RFC 3501 9).
  if (text.empty() || text.front() == '0') return false;
  const auto value = parse_number<uint32_t>(text);
  if (value) number = *value;
  return value.has_value();
}

void write_range(bytes& out, number_range range) {
  out += std::to_string(range.first);
  if (range.first == range.last) return;
  out += ':';
  out += std::to_string(range.last);
}

} // namespace

std::optional<sequence_set> parse_sequence_set(std::string_view text) {
  if (text.empty() || text.back() == ',') return std::nullopt;
  sequence_set set;
  if (text == "$") {
    set.is_saved = true;
    return set;
  }
  while (!text.empty()) {
    if (set.ranges.size() == max_sequence_ranges) return std::nullopt;
    std::string_view element = take_until(text, ',');
    number_range range;
    const size_t colon = element.find(':');
    if (!parse_one(element.substr(0, colon), range.first)) return std::nullopt;
    range.last = range.first;
    if (colon != element.npos && !parse_one(element.substr(colon + 1), range.last)) return std::nullopt;
    set.ranges.push_back(range);
  }
  return set;
}

number_ranges resolve(const sequence_set& set, uint32_t largest) {
  number_ranges sorted;
  sorted.reserve(set.ranges.size());
  for (number_range range : set.ranges) {
    if (range.first == 0) range.first = largest;
    if (range.last == 0) range.last = largest;
    if (range.first > range.last) std::swap(range.first, range.last);
    if (range.last == 0) continue;
    range.first = std::max(range.first, 1u);
    sorted.push_back(range);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const number_range& a, const number_range& b) { return a.first < b.first; });
  number_ranges joined;
  for (const number_range& range : sorted) {
    if (!joined.empty() && uint64_t(range.first) <= uint64_t(joined.back().last) + 1)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  return joined;
}

bool contains(const number_ranges& ranges, uint32_t number) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), number,
                                      [](uint32_t n, const number_range& range) { return n < range.first; });
  return after != ranges.begin() && number <= std::prev(after)->last;
}

uint64_t count(const number_ranges& ranges) {
  uint64_t sum = 0;
  for (const number_range& range : ranges) sum += uint64_t(range.last) - range.first + 1;
  return sum;
}

void write_ranges(bytes& out, const number_ranges& ranges) {
  bool first = true;
  for (const number_range& range : ranges) {
    if (!first) out += ',';
    first = false;
    write_range(out, range);
  }
}

void range_writer::add(uint32_t number) {
  if (open_.first != 0 && number == open_.last + 1) {
    open_.last = number;
    return;
  }
  flush();
  open_ = {number, number};
}

void range_writer::finish() {
  flush();
  open_ = {};
}

void range_writer::flush() {
  if (open_.first == 0) return;
  if (any_) *out_ += ',';
  any_ = true;
  write_range(*out_, open_);
}

} // namespace stagepost::imap
