#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>

namespace stagepost::imap {

inline constexpr size_t max_notify_groups = 100;

/// NOTIFY (RFC 5465), with SUBTREE-ONE of RFC 7377 as a filter. AnnotationChange is refused: there are no
/// annotations of messages.
std::unique_ptr<running_command> make_notify(parser& in, bool by_uid);

} // namespace stagepost::imap
