#include "conf/node_settings.hpp"

namespace stagepost::conf {
namespace {

listener on_port(std::string name, service what, uint16_t port, tls_mode tls) {
  listener made;
  made.name = std::move(name);
  made.service = what;
  made.port = port;
  made.tls = tls;
  return made;
}

} // namespace

std::vector<listener> node_settings::default_listeners() {
  listener lmtp;
  lmtp.name = "lmtp";
  lmtp.service = service::lmtp;
  lmtp.address = "/run/stagepost/lmtp";
  listener http = on_port("http", service::http, 8080, tls_mode::none);
  http.address = "127.0.0.1"; // without TLS the API and the metrics are for this machine alone
  return {on_port("smtp", service::smtp, 25, tls_mode::starttls),
          on_port("submission", service::submission, 587, tls_mode::starttls),
          on_port("imap", service::imap, 143, tls_mode::starttls),
          on_port("pop3", service::pop3, 110, tls_mode::starttls),
          lmtp,
          http};
}

const std::vector<certificate_files>& certificates_of(const node_settings& node, const listener& port) {
  return port.certificates.empty() ? node.certificates : port.certificates;
}

const std::string& host_name_of(const node_settings& node, const listener& port) {
  return port.host_name.empty() ? node.host_name : port.host_name;
}

} // namespace stagepost::conf
