#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// AUTHENTICATE with the initial response of RFC 4959.
std::unique_ptr<running_command> make_authenticate(parser& in, bool by_uid);
std::unique_ptr<running_command> make_login(parser& in, bool by_uid);
std::unique_ptr<running_command> make_starttls(parser& in, bool by_uid);

} // namespace stagepost::imap
