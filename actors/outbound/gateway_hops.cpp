#include "actors/outbound/gateway_hops.hpp"

namespace stagepost::outbound {

namespace {

/// More of a gateway's addresses are not tried.
constexpr size_t most_addresses = 6;

smtp_client::tls_policy policy_of_gateway(conf::gateway_tls encryption) {
  switch (encryption) {
  case conf::gateway_tls::none: return smtp_client::tls_policy::never;
  case conf::gateway_tls::opportunistic: return smtp_client::tls_policy::opportunistic;
  case conf::gateway_tls::starttls:
  case conf::gateway_tls::ssl: break;
  }
  return smtp_client::tls_policy::required;
}

bool must_prove(const conf::outgoing_gateway_settings& about) {
  return about.verify_certificate && policy_of_gateway(about.encryption) == smtp_client::tls_policy::required;
}

/// As the levels of route::tls_demand are called, where there is one.
std::string security_of_gateway(const conf::outgoing_gateway_settings& about) {
  switch (policy_of_gateway(about.encryption)) {
  case smtp_client::tls_policy::never: return "none";
  case smtp_client::tls_policy::opportunistic: return "opportunistic";
  case smtp_client::tls_policy::required: break;
  }
  return must_prove(about) ? "verified" : "encrypt";
}

} // namespace

next_hop hop_to(const outgoing_gateway& gateway, const std::string& address) {
  const auto& about = gateway.settings;
  next_hop made;
  made.host = about.address;
  made.address = address;
  made.port = about.port;
  made.tls = policy_of_gateway(about.encryption);
  made.tls_first = about.encryption == conf::gateway_tls::ssl;
  made.identity.name = about.address;
  made.identity.verify = must_prove(about);
  made.security = security_of_gateway(about);
  // GWOUT-05, GWOUT-06. What shows a password to the network waits for TLS, unless the administrator wants
  // none.
  if (!about.user.empty()) made.login = smtp_client::credentials{about.user, gateway.password, {}};
  made.password_in_clear = about.encryption == conf::gateway_tls::none;
  return made;
}

route route_through(const outgoing_gateway& gateway, const std::vector<dns::ip_address>& addresses,
                    const std::string& problem) {
  route made;
  made.reason = "gateway " + gateway.name;
  for (const auto& each : addresses)
    if (made.hops.size() < most_addresses) made.hops.push_back(hop_to(gateway, mailauth::to_string(each)));
  if (made.hops.empty())
    made.failed = smtp_client::outcome_of(
        smtp_client::connection_failure::unreachable, smtp_client::stage::routing,
        "the gateway " + gateway.name + " has no address" + (problem.empty() ? "" : ": " + problem));
  return made;
}

std::string text_of(const outgoing_gateway& gateway) {
  const auto& about = gateway.settings;
  const bool is_v6 = about.address.find(':') != std::string::npos;
  return gateway.name + " (" + (is_v6 ? '[' + about.address + ']' : about.address) + ':' +
         std::to_string(about.port) + ", TLS " + security_of_gateway(about) + ')';
}

} // namespace stagepost::outbound
