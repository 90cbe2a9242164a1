#pragma once

#include "protocols/base/bytes.hpp"

#include <string>
#include <string_view>

namespace stagepost::footer {

/// The footer as it stands at the end of a plain text: lines end in CRLF, the last one, too; no line ends in
/// white space. `flowed`: space-stuffed (RFC 3676 4.4).
std::string plain_text(std::string_view footer, bool flowed);

/// The same for HTML: of ASCII alone, so that it fits whatever charset the document says it has.
std::string html_text(std::string_view footer);

/// Puts `footer` behind a plain text, an empty line between them.
void append_plain(bytes& text, bytes_view footer, bool flowed);

/// Puts `footer` into an HTML document: before the last </body>, else before </html>, else at its end; never
/// into a comment, a script or a style. Linear time.
void insert_html(bytes& document, bytes_view footer);

/// Whether a line begins what OpenPGP wrote into the text (RFC 9580 6.2): it is signed or encrypted.
bool has_armour(bytes_view text);

} // namespace stagepost::footer
