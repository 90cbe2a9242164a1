#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 8437: the connection is anybody's again.
std::unique_ptr<running_command> make_unauthenticate(parser& in, bool by_uid);

} // namespace stagepost::imap
