#pragma once

#include "protocols/imap/commands/search_answer.hpp"
#include "protocols/imap/response.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// The most ranges "$" may stand for: half a megabyte for as long as the mailbox is selected.
inline constexpr size_t max_saved_ranges = 65'536;

/// Ends the search of the selected mailbox: keeps its result for "$" where SAVE was asked (RFC 5182). False,
/// and the command is finished, where the search failed or the result cannot be kept.
bool save_result(dialogue& with, const search_answer& found, answer how);

/// A search that saves in a charset nobody knows: RFC 5182 2.1 empties "$" for NO, unlike for BAD.
std::unique_ptr<running_command> make_unsaved_refusal();

} // namespace stagepost::imap
