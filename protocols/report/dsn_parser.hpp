#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/report/dsn.hpp"
#include "protocols/smtp_client/status.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::report {

/// What a server says of one recipient. Texts are on one line, shortened, as they came.
struct told_recipient {
  std::string original_recipient;  ///< with its type: "rfc822;bob@example.test"
  std::string final_recipient;     ///< the address alone, \x{…} undone (RFC 6533 3)
  std::string action;              ///< in lower case; RFC 3464 2.3.3 has five words
  smtp_client::status_code status; ///< none where it cannot be read
  std::string remote_host;
  std::string diagnostic;
};

struct told_dsn {
  std::string reporting_host;
  std::string envelope_id;
  std::vector<told_recipient> recipients;
  std::string original_message_id; ///< with its brackets; empty where the report returned no header
};

// What is read of a report at most; the rest is passed over.
inline constexpr size_t max_dsn_octets = 1024 * 1024;
inline constexpr size_t max_told_recipients = 1000;

/// Reads a delivery report (RFC 3464, RFC 6533): a multipart/report with its fields where they belong.
/// Nothing for everything else, and for one that speaks of no recipient. Linear; what it says may be forged.
std::optional<told_dsn> parse_dsn(bytes_view message);

} // namespace stagepost::report
