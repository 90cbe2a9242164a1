#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

/// STATUS with the items of RFC 3501 6.3.10, HIGHESTMODSEQ (RFC 7162), SIZE (RFC 8438), DELETED (RFC
/// 9051 6.3.11), DELETED-STORAGE (RFC 9208) and APPENDLIMIT (RFC 7889).
std::unique_ptr<running_command> make_status(parser& in, bool by_uid);

} // namespace stagepost::imap
