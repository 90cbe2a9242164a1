#pragma once

#include "admin/http/services.hpp"
#include "protocols/autodiscover/offer.hpp"

#include <string>

namespace stagepost::http {

/// What autodiscover tells a client at `peer`: IMAP, POP3 and SMTP as the settings say, else as the listeners
/// are (AUTOD-02). A service that is switched off or closed to the peer is left out, and so is one without a
/// listener here, unless a host for it is set.
autodiscover::offer announced_services(const conf::system_settings& settings,
                                       const std::vector<open_port>& ports, const std::string& peer);

/// "https://…" of a path on this server: on the port of ours that speaks TLS, else, as somebody in front of
/// us must speak it, on the host the client asked.
std::string secure_url(const std::vector<open_port>& ports, const std::string& asked_host,
                       std::string_view path);
/// Whether a port of ours speaks HTTP over TLS.
bool has_secure_port(const std::vector<open_port>& ports);

} // namespace stagepost::http
