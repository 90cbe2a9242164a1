#pragma once

#include "actors/domain/interface.hpp"
#include "actors/gateway/interface.hpp"
#include "actors/gateways.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/net/client_tls.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/outbound/route.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/tls_results/interface.hpp"
#include "actors/web/interface.hpp"
#include "conf/node_settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// A shard whose spool is sent from.
struct spool_shard {
  mailbox::services with;
  report_taker_actor reports;
};

/// What all actors of the way out share. Shards in the order of their numbers.
struct setup {
  std::vector<spool_shard> shards;
  router_actor router;
  resolver::resolver_actor resolver; ///< for the checks of what is sent on
  domain::directory_actor directory;
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  std::string host_name; ///< what we call ourselves
  net::client_tls_ptr tls;
  conf::outbound_limits limits;                ///< how far this node may go
  tls_results::counter_actor tls_results = {}; ///< counts how TLS went; may be none
  live_gateways_ptr gateways = std::make_shared<live_gateways>();
  web::fetcher_actor fetcher = {};     ///< asks gateways how much waits there; may be none
  gateway::watch_actor primaries = {}; ///< hears whether primary mail servers let us in; null: nobody does
};
using setup_ptr = std::shared_ptr<const setup>;

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::setup_ptr)
