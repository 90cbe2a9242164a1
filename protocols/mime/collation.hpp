#pragma once

#include <string>
#include <string_view>

namespace stagepost::mime {

/// The form in which i;unicode-casemap compares two texts octet by octet, for equality, order and substrings
/// (RFC 5051 2.3): each character in its simple title case, then decomposed for compatibility. Malformed
/// UTF-8 is read as U+FFFD.
std::string casemap_key(std::string_view utf8);

/// The form in which SEARCH looks for one text in another. It finds all that i;unicode-casemap finds, so
/// "cafe" finds "café", and as full case folding has it "STRASSE" finds "straße", too.
std::string find_key(std::string_view utf8);

} // namespace stagepost::mime
