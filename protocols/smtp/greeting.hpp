#pragma once

#include "protocols/smtp/session.hpp"

namespace stagepost::smtp {

/// The mechanisms a client may use as things stand: those that send the password wait for TLS where the
/// policy says so, those with channel binding need a channel to bind to.
std::vector<sasl::mechanism> usable_mechanisms(const session_settings& settings, const tls_facts& tls);

/// What an EHLO or LHLO is answered with beyond the name.
struct offer {
  bool start_tls = false;
  bool require_tls = false;
  std::vector<sasl::mechanism> mechanisms;
  uint64_t max_message_size_bytes = 0; ///< 0: no limit
  size_t max_recipients = 0;
  bool vrfy = false;
  bool expn = false;
};

/// The whole reply to EHLO or LHLO (RFC 5321 4.1.1.1).
bytes ehlo_reply(std::string_view host_name, const offer& offered);

/// The line a connection begins with (RFC 5321 4.2): "220 ", our name and the banner.
bytes greeting(const session_settings& settings);

} // namespace stagepost::smtp
