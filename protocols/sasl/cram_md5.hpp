#pragma once

#include "protocols/sasl/exchange.hpp"

namespace stagepost::sasl {

/// RFC 2195. `text`: the challenge, an address in angle brackets that must never come twice.
std::unique_ptr<exchange> make_cram_md5(bytes text);

/// Such a challenge: "<nonce.seconds@host>".
bytes cram_md5_challenge(bytes_view nonce, std::string_view host_name, int64_t unix_seconds);

} // namespace stagepost::sasl
