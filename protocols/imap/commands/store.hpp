#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// STORE with the UNCHANGEDSINCE of RFC 7162 3.1.3.
std::unique_ptr<running_command> make_store(parser& in, bool by_uid);

} // namespace stagepost::imap
