#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// ESEARCH: a search in several mailboxes, whether or not they are selected (RFC 7377).
std::unique_ptr<running_command> make_multisearch(parser& in, bool by_uid);

} // namespace stagepost::imap
