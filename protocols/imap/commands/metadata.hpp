#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

inline constexpr size_t max_annotation_name_octets = 255;
inline constexpr size_t max_annotations_per_command = 100;

/// RFC 5464: GETMETADATA with DEPTH and MAXSIZE, SETMETADATA. The owner of an account may keep /private and
/// /shared annotations with his mailboxes and /private ones with the account; what is /shared by the whole
/// server is not his to write.
std::unique_ptr<running_command> make_getmetadata(parser& in, bool by_uid);
std::unique_ptr<running_command> make_setmetadata(parser& in, bool by_uid);

} // namespace stagepost::imap
