#pragma once

#include "actors/net/client_tls.hpp"
#include "actors/outbound/interface.hpp"
#include "protocols/smtp_client/session.hpp"
#include "storage/tls_results.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// An address that takes mail for a destination.
struct next_hop {
  std::string host;    ///< its name, or the address again; for the trace
  std::string address; ///< an IP address
  uint16_t port = 25;
  smtp_client::tls_policy tls = smtp_client::tls_policy::opportunistic;
  net::server_identity identity; ///< what its certificate must prove
  std::string security;          ///< the same in a word, for the trace
  /// Whose policy it is, for the counts of RFC 8460; empty: nobody's, nothing is counted.
  std::string policy_domain = {};
  storage::tls_policy_kind policy = storage::tls_policy_kind::none_found;
  bool is_unlisted = false; ///< a policy that is being tested does not name the host
  bool tls_first = false;   ///< TLS from the first octet
  /// Who we are there; without it nobody logs in.
  std::optional<smtp_client::credentials> login = std::nullopt;
  bool password_in_clear = false; ///< it may be sent without TLS: the administrator wants none
  /// That it is the right host is known without its certificate: mail_host::name_is_proven; of what the
  /// administrator configured, his word is proof.
  bool name_is_proven = true;
};

/// Where the mail of a destination goes.
struct route {
  std::vector<next_hop> hops;                 ///< to be tried in order
  std::optional<smtp_client::outcome> failed; ///< there are none, and why
  std::string reason;                         ///< for the trace
  bool waits = false; ///< this node does not send there (outbound.deliver); `failed` says so, too
  /// The incoming gateway whose primary mail server it leads to, and the waiting times between attempts that
  /// hold there instead of the usual ones (MX-03).
  std::string gateway = {};
  std::vector<std::chrono::minutes> retry_intervals = {};
  /// `hops` as they were if the domain had no policies of TLS, with the hosts that those shut out: there may
  /// be some although `failed`. Empty: as `hops`, whose demands are the administrator's.
  std::vector<next_hop> without_policies = {};
};

struct find_route {
  std::string destination;
  /// Only to the primary mail server of an incoming gateway; a route without hops where there is none.
  bool to_primary_only = false;
};

/// How an outgoing gateway is reached.
struct find_gateway {
  uint64_t number = 0;
};

/// Tells where mail goes. Every question is answered, a failed look-up by `route::failed`.
using router_actor =
    guide_actor::extend<caf::replies_to<find_route>::with<route>, caf::replies_to<find_gateway>::with<route>>;

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::route)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::find_route)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::find_gateway)
