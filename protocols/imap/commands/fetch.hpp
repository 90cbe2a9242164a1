#pragma once

#include "protocols/imap/commands/fetch_items.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// The fields of a header block that `item` asks for, octets untouched, and the empty line that ends them.
bytes pick_fields(bytes_view header, const fetch_item& item);

std::unique_ptr<running_command> make_fetch(parser& in, bool by_uid);

/// Tells of new messages what NOTIFY asked for (RFC 5465 5.2). Runs between commands, and while IDLE; calls
/// dialogue::end_refresh when it is through. Never sets \Seen.
std::unique_ptr<running_command> make_fetch_notice(number_ranges uids, fetch_request request);

} // namespace stagepost::imap
