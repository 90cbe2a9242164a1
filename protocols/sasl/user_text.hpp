#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::sasl {

/// The longest name or password a client may send; RFC 4616 2 asks for 255 octets at least.
inline constexpr size_t max_user_text_bytes = 1024;

/// Whether `text` may be a user name, an authorization identity or a password: UTF-8, not empty, not too
/// long, without control characters. Of SASLprep (RFC 4013) this is the prohibition only: nothing is mapped
/// or normalised, so both sides must write a name the same way; canonical_local of SMTP folds user names
/// later.
bool is_user_text(bytes_view text);

} // namespace stagepost::sasl
