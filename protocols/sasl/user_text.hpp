#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::sasl {

/// The longest name or password a client may send; RFC 4616 2 asks for 255 octets at least.
inline constexpr size_t max_user_text_bytes = 1024;

/// Whether `text` may be a user name, an authorization identity or a password: UTF-8, not empty, not too
/// long, without control characters. Nothing is changed in it: whoever looks a name up or checks a password
/// brings it into its one form (prepare.hpp), for logins that are no SASL too.
bool is_user_text(bytes_view text);

} // namespace stagepost::sasl
