#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

std::unique_ptr<running_command> make_fetch(parser& in, bool by_uid);

} // namespace stagepost::imap
