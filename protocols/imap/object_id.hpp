#pragma once

#include "protocols/base/units.hpp"

#include <string>

namespace stagepost::imap {

// RFC 8474: names that stay with what they name. Both come from numbers that are never given twice, so a name
// is never seen on anything else. Only letters and digits, which compare as they are.

/// EMAILID: copies of a message share the body and so the name.
std::string email_id(blob_id body);

/// MAILBOXID: stays through RENAME; a folder made anew has another.
std::string mailbox_object_id(mailbox_id folder);

} // namespace stagepost::imap
