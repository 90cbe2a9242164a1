#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

std::unique_ptr<running_command> make_copy(parser& in, bool by_uid);
/// RFC 6851.
std::unique_ptr<running_command> make_move(parser& in, bool by_uid);

} // namespace stagepost::imap
