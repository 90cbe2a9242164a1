#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 5255 3. All texts are English, so it is that or the default, which is English too.
std::unique_ptr<running_command> make_language(parser& in, bool by_uid);

} // namespace stagepost::imap
