#include "protocols/proxy/header.hpp"

#include <cstdlib>

// Whatever is read must lie within the input and the limits, and a prefix of a good header must never be
// refused.

using namespace stagepost;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view input(reinterpret_cast<const char*>(data), size);
  const auto got = proxy::parse_proxy_header(input);
  if (std::holds_alternative<proxy::incomplete>(got) && size >= proxy::max_binary_header_bytes) std::abort();
  const auto* whole = std::get_if<proxy::header>(&got);
  if (!whole) return 0;
  if (whole->consumed == 0 || whole->consumed > size || whole->consumed > proxy::max_binary_header_bytes)
    std::abort();
  if (!whole->local && whole->source.address.empty()) std::abort();
  for (size_t length = 0; length < whole->consumed; ++length)
    if (!std::holds_alternative<proxy::incomplete>(proxy::parse_proxy_header(input.substr(0, length))))
      std::abort();
  return 0;
}
