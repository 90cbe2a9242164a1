#pragma once

#include "protocols/dns/answer.hpp"

#include <optional>

namespace stagepost::dns {

// Bounds of what an answer may cost us. Names of a real domain have a handful of records; a message of the
// DNS is at most 64 KiB.
inline constexpr size_t max_records = 200;
inline constexpr size_t max_rdata_bytes = 65535;

/// A name from its uncompressed wire form (RFC 1035 3.1), which is taken off the front: lower case, no final
/// dot; the root is empty. Nothing when it is cut off, too long, compressed, or has a label that could not be
/// written as text without escapes: no host of mail is named so.
std::optional<std::string> take_name(bytes_view& in);

/// Adds one record to an answer to a question of that type. False when it is malformed or one too many, and
/// then the answer is unchanged.
bool add_record(answer& to, record_type type, bytes_view rdata);

} // namespace stagepost::dns
