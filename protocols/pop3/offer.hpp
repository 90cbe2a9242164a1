#pragma once

#include "protocols/pop3/session.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace stagepost::pop3 {

/// What the server offers on a line as it is now: the settings, filtered by TLS and by what the channel can
/// bind.
struct offer {
  bool tls_can_start = false;
  bool password_commands = false;  ///< USER and PASS
  bool plus = false;               ///< a -PLUS mechanism is among `mechanisms`
  bool password_needs_tls = false; ///< a mechanism that sends the password waits for TLS only
  std::vector<sasl::mechanism> mechanisms;

  bool has(sasl::mechanism) const;
};

offer offer_on(const session_settings& settings, bool on_tls, const sasl::channel_binding& channel);

/// Appends the answer to CAPA (RFC 2449 5), without its first line. `logged_in`: the TRANSACTION state.
void write_capabilities(bytes& out, const offer& offered, bool logged_in);
/// Appends the answer to a bare AUTH, without its first line: a mechanism a line.
void write_mechanisms(bytes& out, const offer& offered);

} // namespace stagepost::pop3
