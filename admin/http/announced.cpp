#include "admin/http/announced.hpp"

#include "conf/network.hpp"

#include <fmt/format.h>

#include <optional>

namespace stagepost::http {

namespace {

using autodiscover::encryption;
using autodiscover::protocol;

struct mail_service {
  autodiscover::protocol protocol;
  conf::service service; ///< whose listeners are for users
  uint16_t usual_port;
};

encryption encryption_of(conf::tls_mode tls) {
  switch (tls) {
  case conf::tls_mode::implicit: return encryption::implicit;
  case conf::tls_mode::starttls: return encryption::starttls;
  case conf::tls_mode::none: break;
  }
  return encryption::none;
}

/// How a port is spoken on by custom, for one that is not a listener's: some other machine leads it here.
encryption usual_encryption(uint16_t port) {
  switch (port) {
  case 25:
  case 110:
  case 143:
  case 587:
  case 2525: return encryption::starttls;
  default: return encryption::implicit; // RFC 8314 3
  }
}

bool is_closed_to(const std::string& peer, const std::vector<conf::network>& blacklisted,
                  const std::vector<conf::network>& whitelisted) {
  const auto ip = conf::parse_ip(peer);
  const auto has = [&](const std::vector<conf::network>& networks) {
    for (const auto& each : networks)
      if (ip && each.contains(*ip)) return true;
    return false;
  };
  return has(blacklisted) && !has(whitelisted);
}

/// The listener a client is best sent to: the more encryption the better, or the least of it when the
/// operator wants none.
const open_port* best_port(const std::vector<open_port>& ports, const mail_service& what,
                           const conf::autodiscover_settings& told) {
  const open_port* best = nullptr;
  for (const auto& each : ports) {
    if (each.service != what.service || (told.port && *told.port != each.port)) continue;
    const bool better = best == nullptr || (told.ssl ? each.tls > best->tls : each.tls < best->tls);
    if (better) best = &each;
  }
  return best;
}

const open_port* any_port(const std::vector<open_port>& ports, conf::service service) {
  for (const auto& each : ports)
    if (each.service == service) return &each;
  return nullptr;
}

std::optional<autodiscover::offered_service> offer_of(const std::vector<open_port>& ports,
                                                      const mail_service& what,
                                                      const conf::autodiscover_settings& told) {
  const auto* any = any_port(ports, what.service);
  if (any == nullptr && told.host.empty()) return std::nullopt;
  const auto* best = best_port(ports, what, told);
  autodiscover::offered_service made;
  made.protocol = what.protocol;
  made.host = !told.host.empty() ? told.host : best != nullptr ? best->host_name : any->host_name;
  made.port = told.port ? *told.port : best != nullptr ? best->port : what.usual_port;
  if (!told.ssl) {
    made.encryption = encryption::none;
  } else {
    const auto of_port = best != nullptr ? encryption_of(best->tls) : encryption::none;
    made.encryption = of_port != encryption::none ? of_port : usual_encryption(made.port);
  }
  return made;
}

const open_port* secure_port(const std::vector<open_port>& ports) {
  for (const auto& each : ports)
    if (each.service == conf::service::http && each.tls == conf::tls_mode::implicit) return &each;
  return nullptr;
}

} // namespace

autodiscover::offer announced_services(const conf::system_settings& settings,
                                       const std::vector<open_port>& ports, const std::string& peer) {
  autodiscover::offer all;
  const auto add = [&](const auto& service, const mail_service& what) {
    if (!service.enabled || is_closed_to(peer, service.blacklisted_networks, service.whitelisted_networks))
      return;
    if (auto made = offer_of(ports, what, service.autodiscover)) all.push_back(std::move(*made));
  };
  add(settings.imap, {protocol::imap, conf::service::imap, 993});
  add(settings.pop3, {protocol::pop3, conf::service::pop3, 995});
  add(settings.smtp_in, {protocol::smtp, conf::service::submission, 587});
  return all;
}

bool has_secure_port(const std::vector<open_port>& ports) { return secure_port(ports) != nullptr; }

std::string secure_url(const std::vector<open_port>& ports, const std::string& asked_host,
                       std::string_view path) {
  const auto* ours = secure_port(ports);
  if (ours == nullptr) return fmt::format("https://{}{}", asked_host, path);
  if (ours->port == 443) return fmt::format("https://{}{}", ours->host_name, path);
  return fmt::format("https://{}:{}{}", ours->host_name, ours->port, path);
}

} // namespace stagepost::http
