#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// What the keys of one SORT or THREAD may take at most while it runs.
inline constexpr size_t max_sorting_bytes = 64 * 1024 * 1024;

/// RFC 5256 with RFC 5267 3 and RFC 5957.
std::unique_ptr<running_command> make_sort(parser& in, bool by_uid);

} // namespace stagepost::imap
