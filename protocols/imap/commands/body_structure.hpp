#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

namespace stagepost::imap {

/// The envelope structure of RFC 3501 7.4.2, with its parentheses.
void write_envelope(bytes& out, const mime::envelope& envelope);

/// The body structure of RFC 3501 7.4.2; with `extended` BODYSTRUCTURE, else BODY.
void write_body_structure(bytes& out, const mime::part& part, bool extended);

} // namespace stagepost::imap
