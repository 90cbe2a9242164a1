#pragma once

#include "protocols/sasl/exchange.hpp"

namespace stagepost::sasl {

/// RFC 5802 and RFC 7677, with and without channel binding (`which` is one of the SCRAM mechanisms).
/// `server_nonce`: printable ASCII without commas, fresh for each exchange.
std::unique_ptr<exchange> make_scram(mechanism which, std::string server_nonce, channel_binding channel,
                                     bool offered_plus);

} // namespace stagepost::sasl
