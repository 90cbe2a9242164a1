#include "actors/outbound/forward_fields.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::outbound {

bytes forward_fields(const smtp::envelope& envelope) {
  bytes out;
  for (const auto& each : envelope.forwarded_for) {
    // RFC 6532: such an address would need a peer that takes UTF-8 headers; the count of hops ends a loop,
    // too.
    if (!is_ascii(each)) continue;
    out += "Delivered-To: " + each + "\r\n";
  }
  return out;
}

} // namespace stagepost::outbound
