#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 4978, with DEFLATE, the only mechanism there is.
std::unique_ptr<running_command> make_compress(parser& in, bool by_uid);

} // namespace stagepost::imap
