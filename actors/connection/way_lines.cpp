#include "actors/connection/way_lines.hpp"

namespace stagepost::connection {

namespace {

std::string source_line(const std::string& family, const std::string& own, const std::string& own_name,
                        const std::string& primary, const std::string& primary_name) {
  const auto to = "to " + family + " servers from ";
  if (!own.empty()) return to + own + ", " + own_name;
  if (!primary.empty()) return to + primary + ", " + primary_name;
  return to + "the address that this machine chooses";
}

std::string tls_line(const std::string& domain, const way_out& way, const conf::smtp_out_settings& settings) {
  if (!settings.use_tls) return "without TLS where nobody demands it: smtp_out.use_tls is off";
  if (!way.tls) return "without TLS where nobody demands it: outgoing_tls of " + domain + " is off";
  return "with TLS where the other server offers it";
}

} // namespace

std::vector<std::string> way_lines(const std::string& domain, const way_out& way,
                                   const conf::smtp_out_settings& settings) {
  return {source_line("IPv4", way.source_ipv4, "outbound_ipv4 of " + domain, settings.source_ipv4,
                      "smtp_out.source_ipv4"),
          source_line("IPv6", way.source_ipv6, "outbound_ipv6 of " + domain, settings.source_ipv6,
                      "smtp_out.source_ipv6"),
          tls_line(domain, way, settings)};
}

} // namespace stagepost::connection
