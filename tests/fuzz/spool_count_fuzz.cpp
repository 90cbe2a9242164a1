// What another server says of its spool: any octets at all, and never more than a count comes of them.

#include "actors/outbound/spool_count.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto found = stagepost::outbound::parse_spool_count(body);
  if (found && *found > 1'000'000'000'000) std::abort();
  return 0;
}
