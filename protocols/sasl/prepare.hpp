#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>

namespace stagepost::sasl {

/// SASLprep (RFC 4013): the form in which a name or a password is compared and hashed, so that a composed and
/// a decomposed "ü", or a space and a non-breaking one, are the same. Nothing when it must not be used:
/// control characters, private use, no UTF-8, or text of both directions that reads in two ways. Code points
/// newer than Unicode 3.2 are left as they are, in what is stored too: people have emoji in their passwords.
std::optional<std::string> prepare(bytes_view text);

} // namespace stagepost::sasl
