#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

inline constexpr size_t max_name_octets = 1000;
inline constexpr size_t max_level_octets = 255;
inline constexpr size_t max_levels = 20;

/// Modified UTF-7 (RFC 3501 5.1.3) as UTF-8. Strict: nothing for 8-bit octets, control characters, shifts
/// that are not ended, printable ASCII inside a shift, two shifts where one would do, left-over bits and lone
/// surrogates, so every name has one form on the wire.
std::optional<std::string> decode_modified_utf7(std::string_view wire);

/// UTF-8 as modified UTF-7. What is not well-formed UTF-8 becomes U+FFFD.
std::string encode_modified_utf7(std::string_view utf8);

/// The name with INBOX in capitals where the first level is INBOX in any case (RFC 3501 5.1, RFC 9051 5.1).
std::string canonical_name(std::string_view name, char separator);

/// Whether a folder may have this name: levels that are not empty and not too long or many, no control
/// characters, and no LIST wildcards, which no pattern could name.
bool is_creatable_name(std::string_view name, char separator);

/// Whether LIST finds `name` (canonical) by `pattern` (UTF-8): "*" stands for anything, "%" for anything but
/// the separator (RFC 3501 6.3.8). INBOX matches in any case. Costs at most name times pattern.
bool matches_pattern(std::string_view name, std::string_view pattern, char separator);

} // namespace stagepost::imap
