#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::sasl {

/// The longest SCRAM message a client may send.
inline constexpr size_t max_scram_message_bytes = 8192;

/// RFC 5802 7, client-first-message, taken apart.
struct client_first {
  char flag = 'n';          ///< n: no channel binding; y: could, but thinks we cannot; p: uses it
  std::string binding_type; ///< with p: "tls-exporter"
  std::string gs2_header;   ///< as sent, with both commas
  std::string bare;         ///< the message without that header
  std::string authorize_as;
  std::string user;
  std::string nonce;
};

/// RFC 5802 7, client-final-message, taken apart.
struct client_final {
  bytes binding; ///< c=, base64 taken off: the gs2 header and the channel's data
  std::string nonce;
  bytes proof;
  std::string without_proof;
};

/// Nothing when malformed, or when it holds an extension that must be understood (m=).
std::optional<client_first> parse_client_first(bytes_view message);
std::optional<client_final> parse_client_final(bytes_view message);

} // namespace stagepost::sasl
