#pragma once

#include "protocols/imap/commands/fetch_items.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// The fields of a header block that `item` asks for, octets untouched, and the empty line that ends them.
bytes pick_fields(bytes_view header, const fetch_item& item);

std::unique_ptr<running_command> make_fetch(parser& in, bool by_uid);

} // namespace stagepost::imap
