#pragma once

#include "protocols/imap/parser.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace stagepost::imap {

/// RFC 9394 4 `partial-range`: the results from the `first` to the `last`, counted from 1, either way round;
/// from the end of the results where `from_end`.
struct partial_range {
  uint32_t first = 1;
  uint32_t last = 1;
  bool from_end = false;
};

/// What RETURN asks for (RFC 4731, RFC 5182, RFC 9394); without it a plain SEARCH answer is given.
struct search_return {
  bool min = false;
  bool max = false;
  bool all = false;
  bool count = false;
  bool save = false;
  bool update = false;    ///< RFC 5267 4.3; CONTEXT is a hint, and taken as that
  bool relevancy = false; ///< RFC 6203 4: of each message that ALL or PARTIAL names; of all without them
  std::optional<partial_range> partial;

  /// Whether anything is told: RFC 5182 2.1 wants no ESEARCH for SAVE alone.
  bool tells() const { return min || max || all || count || relevancy || partial || !save; }
  /// Whether all that is found counts, and not only what MIN, MAX and PARTIAL name (RFC 5182 2.4,
  /// RFC 9394 3.2).
  bool means_all() const { return all || count || !(min || max || partial); }
  /// Whether nothing of what comes behind that many results would be told or kept.
  bool has_enough(size_t found) const;
};

/// `RETURN (…)` with the space behind it, if it stands here.
bool read_search_return(parser& in, std::optional<search_return>& returns);

/// "1:500" or "-1:-100".
bool read_partial_range(parser& in, partial_range& range);

/// As the client wrote it.
void write_partial_range(bytes& out, const partial_range& range);

/// Which of `size` results a range names: from the first of the pair up to the second, counted from 0.
std::pair<size_t, size_t> resolve(const partial_range& range, size_t size);

} // namespace stagepost::imap
