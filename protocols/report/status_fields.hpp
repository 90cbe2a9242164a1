#pragma once

#include "protocols/report/dsn.hpp"

namespace stagepost::report {

/// The body of message/delivery-status (RFC 3464 2), or of message/global-delivery-status where `utf8` (RFC
/// 6533 4): fields of the message, then a group of fields for each recipient.
bytes status_fields(const dsn_request& request, bool utf8);

/// Whether an address or a reply cannot be written in ASCII.
bool needs_utf8(const dsn_request& request);

} // namespace stagepost::report
