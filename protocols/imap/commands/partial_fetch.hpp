#pragma once

#include "protocols/imap/commands/search_return.hpp"
#include "protocols/imap/view.hpp"

#include <optional>

namespace stagepost::imap {

/// FETCH with PARTIAL (RFC 9394 3.3): of the messages `found` by sequence numbers, and changed since then
/// where that is asked, those the range names. Linear in `found`.
number_ranges narrow(const number_ranges& found, const partial_range& range, const mailbox_view& view,
                     std::optional<modseq> changed_since);

} // namespace stagepost::imap
