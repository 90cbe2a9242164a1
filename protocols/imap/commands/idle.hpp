#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 2177: tells what happens at once, until the client says DONE.
std::unique_ptr<running_command> make_idle(parser& in, bool by_uid);

} // namespace stagepost::imap
