#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

#include <string>

namespace stagepost::imap {

/// RFC 8970 3.2: a preview has at most this many characters.
inline constexpr size_t max_preview_characters = 200;

/// The octets of a message a preview is made from: the beginning of the first text a reader would see, plain
/// text before HTML. At most 16 KiB; of size 0 where there is no text.
mime::extent preview_extent(const mime::digest& message);

/// The beginning of the text in one line of UTF-8: white space joined, quoted lines left out, HTML without
/// its markup. `text_start` is what preview_extent names. Empty where there is no text.
std::string make_preview(const mime::digest& message, bytes_view text_start);

} // namespace stagepost::imap
