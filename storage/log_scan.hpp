#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace stagepost::storage {

/// What a look through one write-ahead log found.
struct log_scan {
  uint64_t size_bytes = 0;
  /// Where the first record stands that is not whole; empty when the log ends with a whole one.
  std::optional<uint64_t> broken_at;
  /// A whole record that comes after the broken one: so the break is damage, not the cut end of a log.
  std::optional<uint64_t> sound_after;
  /// Sequence numbers: of the first change, and the one after the last whole record. Zero when there is no
  /// record.
  uint64_t first_sequence = 0;
  uint64_t next_sequence = 0;
};

/// Gives octets of the log: up to `size` from `offset`; fewer only at the end. False when it cannot be read.
using log_source = std::function<bool(uint64_t offset, size_t size, bytes& out)>;

/// Reads one log of RocksDB from end to end: blocks of 32 KiB, records of a masked CRC-32C, a length, a type
/// and a payload, large ones in fragments. `expected`: the sequence number the log before ends with, zero
/// when there is none. False when the source failed. Memory: one block and the head of a record.
bool scan_log(uint64_t size_bytes, uint64_t expected, const log_source& source, log_scan& out);

} // namespace stagepost::storage
