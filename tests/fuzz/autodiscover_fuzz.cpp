#include "protocols/autodiscover/outlook_answer.hpp"
#include "protocols/autodiscover/outlook_request.hpp"

#include <cstdint>
#include <cstdlib>

// What is read is within the limits, and what is said of it in an answer adds no markup to the answer.

using namespace stagepost;
using namespace stagepost::autodiscover;

namespace {

size_t elements_in(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += c == '<';
  return count;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto found = parse_outlook_request({reinterpret_cast<const char*>(data), size});
  if (!found) return 0;
  if (size > largest_outlook_request || found->address.size() > longest_value ||
      found->response_schema.size() > longest_value)
    std::abort();
  const offer services = {{protocol::imap, "imap.example.com", 993, encryption::implicit}};
  if (elements_in(outlook_answer(found->address, services)) != elements_in(outlook_answer("x", services)))
    std::abort();
  return 0;
}
