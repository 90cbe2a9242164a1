#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>
#include <string_view>

namespace stagepost::imap {

// RFC 4314: who may do what with a mailbox. Unknown commands where folders are not shared.
std::unique_ptr<running_command> make_setacl(parser& in, bool by_uid);
std::unique_ptr<running_command> make_deleteacl(parser& in, bool by_uid);
std::unique_ptr<running_command> make_getacl(parser& in, bool by_uid);
std::unique_ptr<running_command> make_listrights(parser& in, bool by_uid);
std::unique_ptr<running_command> make_myrights(parser& in, bool by_uid);

/// "* MYRIGHTS "INBOX" lrs", also a part of LIST (RFC 8440).
void write_my_rights(dialogue& with, std::string_view mailbox, rights held);

} // namespace stagepost::imap
