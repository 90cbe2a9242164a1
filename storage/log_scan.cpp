#include "storage/log_scan.hpp"

#include "storage/crc32c.hpp"

#include <algorithm>

namespace stagepost::storage {

namespace {

constexpr size_t block_bytes = 32 << 10;
constexpr size_t header_bytes = 7;
/// Sequence and count of changes at the front of a record.
constexpr size_t batch_header_bytes = 12;

enum fragment : uint8_t { whole = 1, first = 2, middle = 3, last = 4 };

uint64_t little_endian(bytes_view in, size_t octets) {
  uint64_t value = 0;
  for (size_t i = octets; i-- > 0;) value = value << 8 | uint8_t(in[i]);
  return value;
}

struct piece {
  fragment type{};
  bytes_view payload;
  size_t size_bytes() const { return header_bytes + payload.size(); }
};

/// The record at the front of `block`, if it is sound.
std::optional<piece> sound_piece(bytes_view block) {
  if (block.size() < header_bytes) return std::nullopt;
  const auto length = size_t(little_endian(block.substr(4), 2));
  const auto type = uint8_t(block[6]);
  if (type < fragment::whole || type > fragment::last || block.size() < header_bytes + length)
    return std::nullopt;
  const auto masked = uint32_t(little_endian(block, 4));
  const uint32_t rotated = masked - 0xa282ead8u;
  const uint32_t stored = (rotated >> 17) | (rotated << 15);
  if (crc32c(block.substr(6, 1 + length)) != stored) return std::nullopt;
  return piece{fragment(type), block.substr(header_bytes, length)};
}

/// The sequence number that follows a record with this head.
uint64_t sequence_after(bytes_view head) { return little_endian(head, 8) + little_endian(head.substr(8), 4); }

/// What a record that runs past the end of the log says of itself; zero when it does not look like one.
uint64_t sequence_of_cut_record(bytes_view block) {
  if (block.size() < header_bytes + batch_header_bytes) return 0;
  const bool runs_past = header_bytes + little_endian(block.substr(4), 2) > block.size();
  return runs_past ? sequence_after(block.substr(header_bytes)) : 0;
}

/// Follows the records of a log as their fragments come.
class record_chain {
public:
  /// False when the piece cannot stand here.
  bool take(const piece& p, uint64_t offset) {
    const bool begins = p.type == whole || p.type == first;
    if (begins == inside_) return false;
    if (begins) {
      begun_at_ = offset;
      head_.clear();
    }
    head_.append(p.payload, 0, std::min(p.payload.size(), batch_header_bytes - head_.size()));
    inside_ = p.type == first || p.type == middle;
    return inside_ || end();
  }

  bool inside() const { return inside_; }
  /// The sequence number after all records that have begun, the unfinished one too.
  uint64_t reached() const {
    return inside_ && head_.size() == batch_header_bytes ? sequence_after(head_) : next_;
  }
  uint64_t begun_at() const { return begun_at_; }
  uint64_t first_sequence() const { return first_; }
  uint64_t next_sequence() const { return next_; }

private:
  bool end() {
    if (head_.size() < batch_header_bytes) return false;
    if (first_ == 0) first_ = little_endian(head_, 8);
    next_ = sequence_after(head_);
    return true;
  }

  bytes head_;
  bool inside_ = false;
  uint64_t begun_at_ = 0;
  uint64_t first_ = 0;
  uint64_t next_ = 0;
};

/// Looks for a record that was written after the broken one. Octets of a torn body may look like one (a mail
/// may hold anything, a log too), so its sequence must be one that the log can have reached.
std::optional<uint64_t> find_sound_after(uint64_t broken_at, uint64_t size_bytes, uint64_t sequence,
                                         const log_source& source, bool& readable) {
  const auto highest = sequence + (size_bytes - broken_at);
  bytes block;
  for (auto block_at = broken_at / block_bytes * block_bytes; block_at < size_bytes;
       block_at += block_bytes) {
    if (!source(block_at, size_t(std::min<uint64_t>(block_bytes, size_bytes - block_at)), block)) {
      readable = false;
      return std::nullopt;
    }
    for (size_t at = block_at < broken_at ? broken_at - block_at + 1 : 0; at + header_bytes <= block.size();
         ++at) {
      const auto found = sound_piece(bytes_view(block).substr(at));
      if (!found || found->type > first || found->payload.size() < batch_header_bytes) continue;
      const auto found_sequence = little_endian(found->payload, 8);
      // With nothing before the break any sequence may follow.
      if (sequence == 0 || (found_sequence >= sequence && found_sequence <= highest)) return block_at + at;
    }
  }
  return std::nullopt;
}

} // namespace

bool scan_log(uint64_t size_bytes, uint64_t expected, const log_source& source, log_scan& out) {
  out = {};
  out.size_bytes = size_bytes;
  record_chain chain;
  bytes block;
  for (uint64_t block_at = 0; block_at < size_bytes && !out.broken_at; block_at += block_bytes) {
    if (!source(block_at, size_t(std::min<uint64_t>(block_bytes, size_bytes - block_at)), block))
      return false;
    for (size_t at = 0; at < block.size();) {
      // Less than a header at the end of a block is filled with zeros.
      if (block_bytes - at < header_bytes) break;
      const auto found = sound_piece(bytes_view(block).substr(at));
      if (!found || !chain.take(*found, block_at + at)) {
        out.broken_at = block_at + at;
        break;
      }
      at += found->size_bytes();
    }
  }
  out.first_sequence = chain.first_sequence();
  out.next_sequence = chain.next_sequence();
  bool readable = true;
  if (out.broken_at) {
    auto reached = std::max(expected, chain.reached());
    if (reached == 0)
      reached = sequence_of_cut_record(bytes_view(block).substr(*out.broken_at % block_bytes));
    out.sound_after = find_sound_after(*out.broken_at, size_bytes, reached, source, readable);
  } else if (chain.inside()) {
    out.broken_at = chain.begun_at();
  }
  return readable;
}

} // namespace stagepost::storage
