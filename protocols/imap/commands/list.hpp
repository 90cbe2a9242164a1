#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// LIST with the options of RFC 5258, RFC 5819 and RFC 6154, \HasChildren of RFC 3348.
std::unique_ptr<running_command> make_list(parser& in, bool by_uid);
std::unique_ptr<running_command> make_lsub(parser& in, bool by_uid);

} // namespace stagepost::imap
