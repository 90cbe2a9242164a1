#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stagepost::mime {

/// Header text as UTF-8 for people to read: encoded words decoded (RFC 2047, language tags of RFC 2231 5),
/// white space between two of them dropped, characters split over two joined. What is no valid encoded word
/// stays; raw 8-bit octets are UTF-8 where they can be, else windows-1252. Takes folded or unfolded text,
/// gives one line.
std::string decode_header_text(std::string_view value);

/// UTF-8 text for an unstructured field or a display name: unchanged where it is plain ASCII that needs no
/// help, else encoded words of at most 75 characters separated by a space (RFC 2047 2), never split inside a
/// character.
/// The first word is shorter by `used`, what stands before it on its line.
std::string encode_header_text(std::string_view utf8, size_t used = 0);

} // namespace stagepost::mime
