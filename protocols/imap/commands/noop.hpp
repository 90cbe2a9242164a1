#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// NOOP, and CHECK, which is the same here: all is on disk before it is told (RFC 3501 6.1.2, 6.4.1).
std::unique_ptr<running_command> make_noop(parser& in, bool by_uid);
std::unique_ptr<running_command> make_logout(parser& in, bool by_uid);
/// RFC 2971. What the client says of itself is read and dropped.
std::unique_ptr<running_command> make_id(parser& in, bool by_uid);
/// RFC 2342: one personal namespace.
std::unique_ptr<running_command> make_namespace(parser& in, bool by_uid);

} // namespace stagepost::imap
