#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace stagepost::proxy {

/// One end of the connection that a proxy relays.
struct end_point {
  std::string address; ///< "192.0.2.1", "2001:db8::1" (a mapped IPv4 address as IPv4), or "unix"
  uint16_t port = 0;   ///< 0 with "unix"
};

/// Not all of the header is there yet: read on and ask again with what was there before.
struct incomplete {};

/// No PROXY header, or a broken one: close the connection; the specification forbids to guess. `reason` is
/// for the log.
struct malformed {
  std::string_view reason;
};

struct header {
  size_t consumed = 0; ///< octets of the header; what follows them is the client's
  /// The proxy speaks for itself (LOCAL, a health check) or does not know the client (UNKNOWN, UNSPEC): the
  /// connection's own addresses hold and the two ends below are empty.
  bool local = false;
  end_point source;      ///< the client
  end_point destination; ///< where the client connected to
};

using parsed = std::variant<incomplete, malformed, header>;

/// The most octets a header may have: of version 1 by specification, of version 2 by our choice (its length
/// field would allow 64 KiB of TLVs, of which we use none).
inline constexpr size_t max_text_header_bytes = 107;
inline constexpr size_t max_binary_header_bytes = 4096;

/// Reads the header at the front of a connection: the PROXY protocol of HAProxy, version 1 (text) or 2
/// (binary). Only for connections from networks that are trusted to send one; such a connection must begin
/// with it. Never asks for more than the limits above.
parsed parse_proxy_header(bytes_view input);

} // namespace stagepost::proxy
