#pragma once

#include "protocols/sasl/exchange.hpp"

namespace stagepost::sasl {

/// RFC 4616: one message, "authorization identity NUL user NUL password".
std::unique_ptr<exchange> make_plain();

} // namespace stagepost::sasl
