#pragma once

#include "protocols/smtp_client/outcome.hpp"

#include <string>
#include <string_view>

namespace stagepost::report {

/// What happened to a delivery and what the sender can do about it, for somebody who knows nothing of mail
/// servers.
struct explanation {
  std::string what;
  std::string advice; ///< empty where there is nothing to do
};

/// In English, from the status of the outcome (RFC 3463). `domain` is that of the recipient.
explanation explain(const smtp_client::outcome& why, std::string_view domain);

} // namespace stagepost::report
