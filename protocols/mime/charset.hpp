#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::mime {

/// `text` as well-formed UTF-8. What the charset cannot mean becomes U+FFFD. An empty or unknown charset name
/// is taken as UTF-8 where `text` is that, else as windows-1252; us-ascii and iso-8859-1 with 8-bit octets
/// likewise, since that is what those senders have.
std::string to_utf8(bytes_view text, std::string_view charset);

/// Well-formed UTF-8 in that charset; nothing when it has no such characters, or does not extend ASCII so
/// that a piece of text can be put behind another. An empty name is us-ascii.
std::optional<bytes> from_utf8(std::string_view utf8, std::string_view charset);

/// True when to_utf8 has a converter of that name (IMAP SEARCH must answer BADCHARSET otherwise).
bool is_known_charset(std::string_view charset);

/// The form in which two texts are compared for SEARCH: NFKC and full case folding (NFKC_Casefold), so
/// "STRASSE" finds "straße" and a full-width "Ａ" is "a". Malformed UTF-8 is read as U+FFFD.
std::string search_key(std::string_view utf8);

} // namespace stagepost::mime
