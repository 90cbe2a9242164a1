#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// UIDBATCHES (draft-ietf-mailmaint-imap-uidbatches): the UIDs that cut the mailbox into batches of equal
/// size.
std::unique_ptr<running_command> make_uid_batches(parser& in, bool by_uid);

} // namespace stagepost::imap
