#include "actors/net/deflate.hpp"

#include <algorithm>
#include <cstdlib>

using namespace stagepost;

/// What a client sends over a compressed connection. The first octet says how much comes at once; between two
/// pieces the inflater is parked, as it is while a connection waits. No more may come out than is asked for,
/// and not without end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t at_once = size_t(data[0]) + 1;
  bytes_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  net::inflater reader;
  char piece[512];
  // A deflated octet stands for about a thousand at most.
  const uint64_t most = uint64_t(size) * 1100 + 1024;
  uint64_t handed_out = 0;
  while (!rest.empty()) {
    const bytes_view next = rest.substr(0, at_once);
    rest.remove_prefix(next.size());
    reader.feed(next);
    while (reader.has_more()) {
      const int count = reader.take(piece, sizeof piece);
      if (count < 0) return 0;
      if (size_t(count) > sizeof piece || (handed_out += uint64_t(count)) > most) std::abort();
    }
    reader.park();
    if (reader.held_bytes() > 48 * 1024) std::abort();
  }
  return 0;
}
