#include "protocols/smtp/greeting.hpp"

#include <algorithm>

namespace stagepost::smtp {

std::vector<sasl::mechanism> usable_mechanisms(const session_settings& settings, const tls_facts& tls) {
  const bool secure = !tls.version.empty();
  std::vector<sasl::mechanism> out;
  for (const auto which : settings.mechanisms) {
    if (sends_password(which) && settings.login_needs_tls && !secure) continue;
    if (!sasl::is_possible_on(which, tls.channel)) continue;
    out.push_back(which);
  }
  return out;
}

bytes ehlo_reply(std::string_view host_name, const offer& offered) {
  std::vector<std::string> lines{std::string(host_name),
                                 "PIPELINING",          // RFC 2920
                                 "8BITMIME",            // RFC 6152
                                 "SMTPUTF8",            // RFC 6531
                                 "CHUNKING",            // RFC 3030
                                 "BINARYMIME",          // RFC 3030
                                 "DSN",                 // RFC 3461
                                 "ENHANCEDSTATUSCODES", // RFC 2034
                                 "HELP"};
  // RFC 1870 4: a bare SIZE promises no limit that is known.
  lines.push_back(offered.max_message_size_bytes == 0
                      ? "SIZE"
                      : "SIZE " + std::to_string(offered.max_message_size_bytes));
  lines.push_back("LIMITS RCPTMAX=" + std::to_string(offered.max_recipients)); // RFC 9422
  if (offered.vrfy) lines.push_back("VRFY");
  if (offered.expn) lines.push_back("EXPN");
  if (offered.start_tls) lines.push_back("STARTTLS");     // RFC 3207
  if (offered.require_tls) lines.push_back("REQUIRETLS"); // RFC 8689
  if (!offered.mechanisms.empty()) {                      // RFC 4954
    std::string line = "AUTH";
    for (const auto which : offered.mechanisms) line += " " + std::string(name_of(which));
    lines.push_back(std::move(line));
  }
  bytes out;
  for (const auto& line : lines) out += (&line == &lines.back() ? "250 " : "250-") + line + "\r\n";
  return out;
}

bytes greeting(const session_settings& settings) {
  const std::string service = settings.kind == session_kind::lmtp ? "LMTP" : "ESMTP";
  if (settings.banner.empty()) return "220 " + settings.host_name + " " + service + "\r\n";
  // RFC 5321 4.2 wants our name first; a banner that begins with it is taken as the operator wrote it.
  if (settings.banner.starts_with(settings.host_name)) return "220 " + settings.banner + "\r\n";
  return "220 " + settings.host_name + " " + service + " " + settings.banner + "\r\n";
}

} // namespace stagepost::smtp
