#pragma once

#include "protocols/sasl/exchange.hpp"

#include <string>
#include <vector>

namespace stagepost::sasl {

/// EXTERNAL (RFC 4422 Appendix A) by a TLS client certificate that was verified: `names` are the e-mail
/// addresses in it. The client may name the one he wants to be; without that it is the first.
std::unique_ptr<exchange> make_external(std::vector<std::string> names);

} // namespace stagepost::sasl
