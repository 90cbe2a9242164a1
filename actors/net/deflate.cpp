#include "actors/net/deflate.hpp"

#include <zlib.h>

#include <new>
#include <stdexcept>

namespace stagepost::net {

namespace {

// Raw deflate is negative. 2^13 octets of window and memLevel 7 take 96 KiB while a piece is deflated and no
// more, and lose about two percent to the largest; less would not be felt, since it is given back at once.
constexpr int window_bits = 13;
constexpr int memory_level = 7;
/// The other side chooses its window: we must follow the largest.
constexpr int largest_window_bits = 15;
constexpr size_t largest_history = size_t(1) << largest_window_bits;
/// What an inflate state takes beside its window, about.
constexpr size_t state_bytes = 8 * 1024;

/// Gives its memory back: an assignment of nothing would keep it.
void release(std::string& text) { std::string().swap(text); }

Bytef* octets(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

} // namespace

std::string deflater::pack(bytes_view text) {
  z_stream stream{};
  // Level 3: mail and its lists are mostly won by any level, and this thread has other clients.
  if (deflateInit2(&stream, 3, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed;
  packed.resize(deflateBound(&stream, uLong(text.size())) + 16);
  stream.next_in = octets(text.data());
  stream.avail_in = uInt(text.size());
  stream.next_out = octets(packed.data());
  stream.avail_out = uInt(packed.size());
  // RFC 4978 4: a flush to an octet makes all that was said readable. It ends a block, too, so the next piece
  // may come from a new state.
  const int result = deflate(&stream, Z_SYNC_FLUSH);
  const size_t size = packed.size() - stream.avail_out;
  const bool whole = result == Z_OK && stream.avail_in == 0 && stream.avail_out != 0;
  deflateEnd(&stream);
  if (!whole) throw std::runtime_error("a text cannot be deflated");
  packed.resize(size);
  return packed;
}

struct inflater::state {
  z_stream stream{};
  state() {
    if (inflateInit2(&stream, -largest_window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~state() { inflateEnd(&stream); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;
};

inflater::inflater() = default;
inflater::~inflater() = default;

void inflater::feed(bytes_view packed) { input_.append(packed); }

bool inflater::wake() {
  if (state_) return true;
  state_ = std::make_unique<state>();
  const bool set = history_.empty() || inflateSetDictionary(&state_->stream, octets(history_.data()),
                                                            uInt(history_.size())) == Z_OK;
  release(history_);
  return set;
}

int inflater::take(char* into, size_t size) {
  if (ended_) return -1;
  if (!has_more()) return 0;
  if (!wake()) return -1;
  z_stream& stream = state_->stream;
  stream.next_in = octets(input_.data());
  stream.avail_in = uInt(input_.size());
  stream.next_out = octets(into);
  stream.avail_out = uInt(size);
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  const size_t count = size - stream.avail_out;
  input_.erase(0, input_.size() - stream.avail_in);
  if (input_.empty()) release(input_);
  full_ = stream.avail_out == 0;
  // Z_BUF_ERROR: nothing to do, which is no error.
  ended_ = result != Z_OK && result != Z_BUF_ERROR;
  return ended_ && count == 0 ? -1 : int(count);
}

void inflater::park() {
  if (!state_ || has_more() || ended_) return;
  // Only between two blocks, at the edge of an octet, nothing but the history counts: where a flush of the
  // other side ends. 128: just behind a block; the lower bits: bits of an octet not used yet.
  if ((state_->stream.data_type & ~128) != 0 || (state_->stream.data_type & 128) == 0) return;
  std::string history(largest_history, '\0');
  uInt size = 0;
  if (inflateGetDictionary(&state_->stream, octets(history.data()), &size) != Z_OK) return;
  history_.assign(history, 0, size); // no longer than it is
  state_.reset();
}

size_t inflater::held_bytes() const {
  return input_.capacity() + history_.capacity() + (state_ ? state_bytes + largest_history : 0);
}

} // namespace stagepost::net
