#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::imap {

/// RFC 5256 3, RFC 5957 3, RFC 6203 6.
enum class sort_by : uint8_t {
  arrival,
  cc,
  date,
  from,
  size,
  subject,
  to,
  display_from,
  display_to,
  relevancy
};

struct sort_criterion {
  sort_by what = sort_by::arrival;
  bool reverse = false;
};

/// More say nothing new: there are nine things of a message to sort by, each in two directions.
inline constexpr size_t max_sort_criteria = 18;
/// Of one text, octets that count.
inline constexpr size_t max_sort_text = 512;

/// "(SUBJECT REVERSE DATE)".
std::optional<std::vector<sort_criterion>> parse_sort_criteria(parser& in);

/// How deep a message must be read to be sorted so.
read_depth depth_for(const std::vector<sort_criterion>& criteria);

/// Octets that order as the criteria do: what comes first has the smaller key. Messages with equal keys are
/// ordered by their sequence numbers. `score`: of 1 to 100, how well FUZZY fits it; the best come first.
std::string make_sort_key(const std::vector<sort_criterion>& criteria, const message_data& message,
                          uint8_t score = 100);

/// RFC 5256 2.2: the Date field in UTC; the internal date where there is none that can be read.
instant sent_date(const message_data& message);

} // namespace stagepost::imap
