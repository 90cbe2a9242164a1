#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// APPEND of one message or several (RFC 3502), each a literal or put together from parts (RFC 4469). What
/// `in` reads ends in the announcement of a literal, `literal_follows`, or is the whole command; messages are
/// streamed and never held. Nothing when the arguments are wrong, or another literal is announced there
/// (`parser::ran_into_last_literal`).
std::unique_ptr<running_command> make_append_with(parser& in, bool literal_follows);

/// REPLACE (RFC 8508): a message comes in and another goes, together.
std::unique_ptr<running_command> make_replace_with(parser& in, bool by_uid, bool literal_follows);

/// Those without any literal.
std::unique_ptr<running_command> make_append(parser& in, bool by_uid);
std::unique_ptr<running_command> make_replace(parser& in, bool by_uid);

} // namespace stagepost::imap
