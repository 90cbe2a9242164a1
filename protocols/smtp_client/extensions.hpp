#pragma once

#include "protocols/sasl/exchange.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace stagepost::smtp_client {

/// What a server offers in its answer to EHLO or LHLO; nothing of it after HELO.
struct peer_extensions {
  bool pipelining = false;                 ///< RFC 2920
  bool eight_bit_mime = false;             ///< RFC 6152
  bool chunking = false;                   ///< RFC 3030
  bool binary_mime = false;                ///< RFC 3030; only together with CHUNKING
  bool smtp_utf8 = false;                  ///< RFC 6531
  bool dsn = false;                        ///< RFC 3461
  bool start_tls = false;                  ///< RFC 3207
  bool require_tls = false;                ///< RFC 8689
  bool enhanced_codes = false;             ///< RFC 2034
  bool size = false;                       ///< RFC 1870: MAIL may say SIZE=
  uint64_t max_size_bytes = 0;             ///< 0: none told
  std::vector<sasl::mechanism> mechanisms; ///< RFC 4954, those we know of
  // RFC 9422; 0: none told
  uint32_t max_transactions = 0;      ///< MAILMAX
  uint32_t max_recipients = 0;        ///< RCPTMAX
  uint32_t max_recipient_domains = 0; ///< RCPTDOMAINMAX
};

/// Reads the text of the reply, its lines separated by "\n"; the first is the greeting. What is unknown or
/// malformed counts as not offered.
peer_extensions parse_extensions(std::string_view text);

} // namespace stagepost::smtp_client
