#include "protocols/pop3/offer.hpp"

#include <algorithm>

namespace stagepost::pop3 {

namespace {

bool is_plus(sasl::mechanism m) {
  return m == sasl::mechanism::scram_sha_1_plus || m == sasl::mechanism::scram_sha_256_plus;
}

} // namespace

bool offer::has(sasl::mechanism wanted) const {
  return std::find(mechanisms.begin(), mechanisms.end(), wanted) != mechanisms.end();
}

offer offer_on(const session_settings& settings, bool on_tls, const sasl::channel_binding& channel) {
  offer now;
  now.tls_can_start = settings.tls_offered && !on_tls;
  const sasl::channel_binding none;
  for (const auto mechanism : settings.mechanisms) {
    const bool password = sasl::sends_password(mechanism);
    if (password && settings.login_needs_tls && !on_tls) {
      now.password_needs_tls = true;
      continue;
    }
    if (!sasl::is_possible_on(mechanism, on_tls ? channel : none)) continue;
    now.password_commands |= password;
    now.plus |= is_plus(mechanism);
    now.mechanisms.push_back(mechanism);
  }
  return now;
}

void write_capabilities(bytes& out, const offer& offered, bool logged_in) {
  // RFC 2449 5: what can be used before the login is announced after it, too.
  out.append("TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n");
  out.append("UTF8 USER\r\n"); // RFC 6856 2.2: names and passwords may be UTF-8
  if (offered.tls_can_start) out.append("STLS\r\n");
  if (offered.password_commands) out.append("USER\r\n");
  if (!offered.mechanisms.empty()) {
    out.append("SASL");
    for (const auto mechanism : offered.mechanisms) out.append(" ").append(sasl::name_of(mechanism));
    out.append("\r\n");
  }
  // RFC 2449 6.9 allows it after the login only; strangers need not know what runs here.
  if (logged_in) out.append("IMPLEMENTATION Stagepost\r\n");
  out.append(".\r\n");
}

void write_mechanisms(bytes& out, const offer& offered) {
  for (const auto mechanism : offered.mechanisms) out.append(sasl::name_of(mechanism)).append("\r\n");
  out.append(".\r\n");
}

} // namespace stagepost::pop3
