#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

std::unique_ptr<running_command> make_select(parser& in, bool by_uid);
std::unique_ptr<running_command> make_examine(parser& in, bool by_uid);
/// RFC 3501 6.4.2: removes what is \Deleted without telling, then leaves the mailbox.
std::unique_ptr<running_command> make_close(parser& in, bool by_uid);
/// RFC 3691: leaves the mailbox as it is.
std::unique_ptr<running_command> make_unselect(parser& in, bool by_uid);

} // namespace stagepost::imap
