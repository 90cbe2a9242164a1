#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// RFC 5256: ORDEREDSUBJECT and REFERENCES.
std::unique_ptr<running_command> make_thread(parser& in, bool by_uid);

} // namespace stagepost::imap
