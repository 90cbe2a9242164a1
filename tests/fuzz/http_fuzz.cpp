#include "protocols/base/text.hpp"
#include "protocols/http/target.hpp"

#include <cstdint>
#include <cstdlib>

// What is read must be within the limits, and a host must be one that can stand in a URL.

using namespace stagepost;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto host = http::host_of(input);
  if (host.size() > 253 || http::host_of(host) != host) std::abort();
  const auto found = http::parse_target(input);
  if (!found) return 0;
  if (size > http::longest_target || found->parameters.size() > http::most_parameters) std::abort();
  size_t octets = found->path.size();
  if (octets == 0 || found->path.find('\0') != found->path.npos) std::abort();
  for (const auto& [name, value] : found->parameters) octets += name.size() + value.size();
  if (octets > size + 1) std::abort();
  return 0;
}
