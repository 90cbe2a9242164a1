#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::sasl {

/// The hash a SCRAM mechanism is built on.
enum class scram_hash : uint8_t { sha_1, sha_256 };

/// Octets of a digest: 20 or 32.
size_t digest_size(scram_hash hash);

bytes digest(scram_hash hash, bytes_view text);
bytes hmac(scram_hash hash, bytes_view key, bytes_view text);
/// RFC 5802 2.2, Hi(): PBKDF2 with one block.
bytes stretch(scram_hash hash, bytes_view password, bytes_view salt, uint32_t iterations);

/// Compares without telling by its time where the difference is; only the lengths may be told.
bool equal_in_constant_time(bytes_view a, bytes_view b);

} // namespace stagepost::sasl
