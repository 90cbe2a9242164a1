#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// EXPUNGE, and UID EXPUNGE with a set (RFC 4315 2.1).
std::unique_ptr<running_command> make_expunge(parser& in, bool by_uid);

} // namespace stagepost::imap
