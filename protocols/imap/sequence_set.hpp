#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace stagepost::imap {

/// Numbers from `first` to `last`, both included.
struct number_range {
  uint32_t first = 0;
  uint32_t last = 0;

  friend bool operator==(const number_range&, const number_range&) = default;
};

/// Sorted ranges that neither touch nor overlap.
using number_ranges = std::vector<number_range>;

/// RFC 3501 9 `sequence-set` as the client wrote it: ranges in any order and direction; 0 stands for "*".
struct sequence_set {
  number_ranges ranges;
  bool is_saved = false; ///< "$" (RFC 5182): what the last search saved; no ranges then
};

/// The most ranges one set may have.
inline constexpr size_t max_sequence_ranges = 16'384;

/// Reads a whole `sequence-set`. "$" stands alone. Nothing when it is malformed,
/// names 0 or is too long.
std::optional<sequence_set> parse_sequence_set(std::string_view text);

/// The numbers the set means where `largest` is the highest in use: "*" is that one, and "559:*" always holds
/// it (RFC 3501 6.4.8). Nothing is in use where `largest` is 0; then "*" means nothing.
number_ranges resolve(const sequence_set& set, uint32_t largest);

/// Logarithmic.
bool contains(const number_ranges& ranges, uint32_t number);

/// How many numbers these are.
uint64_t count(const number_ranges& ranges);

/// Writes ranges as a `sequence-set`: "1:3,5". Nothing for no ranges.
void write_ranges(bytes& out, const number_ranges& ranges);

/// Collects numbers that come one by one in the order they are to be written, joining runs of neighbours.
class range_writer {
public:
  explicit range_writer(bytes& out) : out_(&out) {}
  /// Goes on writing somewhere else: output is cut into pieces.
  void redirect(bytes& out) { out_ = &out; }
  void add(uint32_t number);
  /// Writes what is held back. Nothing is written where nothing was added.
  void finish();

private:
  void flush();

  bytes* out_;
  number_range open_;
  bool any_ = false;
};

} // namespace stagepost::imap
