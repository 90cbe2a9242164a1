#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// APPEND up to the announcement of its message, which ends what `in` reads; the message itself is streamed
/// and never held. Nothing when the arguments are wrong, or another literal is announced there
/// (`parser::ran_into_last_literal`).
std::unique_ptr<running_command> make_append(parser& in, uint64_t size_bytes, bool client_waits);

/// An APPEND that ended without a literal is always wrong.
std::unique_ptr<running_command> make_append_without_message(parser& in, bool by_uid);

} // namespace stagepost::imap
