#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/envelope.hpp"

namespace stagepost::outbound {

/// The fields that stand in front of a message that users of ours had sent on: Delivered-To (RFC 9228) for
/// each, the last one on top, so that it is known when it comes back. Empty for all other mail.
bytes forward_fields(const smtp::envelope& envelope);

} // namespace stagepost::outbound
