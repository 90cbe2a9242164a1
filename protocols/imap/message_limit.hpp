#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/imap/sequence_set.hpp"

namespace stagepost::imap {

class dialogue;
class mailbox_view;

/// RFC 9738: of more messages than one command may touch the newest are left, and the answer is the response
/// code that says so and down to which UID. Empty where they are not too many.
bytes keep_newest(const dialogue& with, const mailbox_view& view, number_ranges& sequences);

/// The code of a command that does nothing, since it would touch too many.
bytes message_limit_code(const dialogue& with);

} // namespace stagepost::imap
