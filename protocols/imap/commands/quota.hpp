#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 9208. Each account has one quota root: "" is one's own, and an administrator of the domain names those
/// of its users by their addresses. Only he may use SETQUOTA.
std::unique_ptr<running_command> make_getquota(parser& in, bool by_uid);
std::unique_ptr<running_command> make_getquotaroot(parser& in, bool by_uid);
std::unique_ptr<running_command> make_setquota(parser& in, bool by_uid);

} // namespace stagepost::imap
