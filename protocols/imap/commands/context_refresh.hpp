#pragma once

#include "protocols/imap/commands/search_return.hpp"
#include "protocols/imap/running_command.hpp"
#include "protocols/imap/search_contexts.hpp"

#include <memory>

namespace stagepost::imap {

/// Tells what became of all contexts since the last time. Runs between commands, and while IDLE; calls
/// dialogue::end_refresh when it is through.
std::unique_ptr<running_command> make_context_refresh();

/// CANCELUPDATE (RFC 5267 4.3.5).
std::unique_ptr<running_command> make_cancel_update(parser& in, bool by_uid);

/// Whether a search may begin that wants updates: the tag must not name another such search (RFC 5267 4.3).
bool may_update(dialogue& with, const std::optional<search_return>& returns);

/// Keeps a search that wants updates, or tells that there will be none (RFC 5267 4.3.1): for too many of
/// them, for FUZZY, and for sequence numbers, in the keys or to be told, since those shift under the results.
/// Not in the middle of a line.
void keep_context(dialogue& with, const std::optional<search_return>& returns, bool by_uid,
                  search_context context);

} // namespace stagepost::imap
