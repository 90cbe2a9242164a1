#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/envelope.hpp"

#include <optional>

namespace stagepost {

/// The envelope without its recipients, as the spool keeps it, for whoever reads it there. Stored: versioned
/// like a record.
bytes encode_envelope(const smtp::envelope& envelope);
/// Nothing when damaged.
std::optional<smtp::envelope> decode_envelope(bytes_view in);

/// What is said of a recipient to whom the message was delivered before.
inline constexpr const char* reply_to_loop = "554 5.4.6 the message was delivered to this mailbox before";

} // namespace stagepost
