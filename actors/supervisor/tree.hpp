#pragma once

#include "actors/connection/context.hpp"
#include "actors/connection/listener.hpp"
#include "actors/delivery/interface.hpp"
#include "actors/domain/interface.hpp"
#include "actors/gateway/interface.hpp"
#include "actors/gateways.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/outbound/route.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/interface.hpp"
#include "actors/spool/trace_keeper.hpp"
#include "actors/statistics/interface.hpp"
#include "actors/sts/interface.hpp"
#include "actors/throttle/interface.hpp"
#include "actors/tls_results/interface.hpp"
#include "actors/upkeep/interface.hpp"
#include "actors/web/interface.hpp"
#include "conf/settings.hpp"
#include "storage/secrets.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::supervisor {

/// One shard with all that works on it.
struct shard_tree {
  mailbox::services with;
  mailbox::accounts_actor accounts;
  mailbox::purger_actor purger;
  delivery::local_actor local;
  spool::queue_actor queue;
  spool::intake_actor intake;
  spool::trace_keeper_actor traces;
};

/// All that lives between the listeners and the stores. Made by `plant`, ended by `fell`, in the order in
/// which nothing is asked that has ended.
struct tree {
  live_settings_ptr settings;
  live_gateways_ptr gateways;
  metrics::counters_ptr counters;
  std::shared_ptr<storage::store> system_store;
  committer::committer_actor system_committer;
  offload::pool_actor readers;
  offload::pool_actor hashing;
  offload::pool_actor indexing;
  resolver::resolver_actor resolver;
  web::fetcher_actor fetcher;
  tls_results::counter_actor tls_results;
  sts::policies_actor policies;
  statistics::statistics_actor statistics;
  throttle::throttle_actor throttle;
  domain::login_actor logins;
  domain::gateway_desk_actor gateway_desk;
  domain::directory_actor directory;
  delivery::responder_actor responder;
  std::vector<shard_tree> shards;
  upkeep::upkeep_actor upkeep;
  domain::space_watcher_actor postmaster;
  spool::census_actor census;
  spool::checker_actor checker;
  outbound::router_actor router;
  gateway::entry_actor gateway_entry;
  outbound::router_actor primaries; ///< before the router
  gateway::watch_actor primary_watch;
  outbound::dispatcher_actor outbound;
  caf::actor guard; ///< ends the process when one of them fails
};

struct seeds {
  std::shared_ptr<storage::store> system_store;
  std::vector<std::shared_ptr<storage::store>> shard_stores;
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  std::string guise_secret;            ///< makes the credentials of users who do not exist
  std::string host_name = "localhost"; ///< what we call ourselves to other servers
  route::destination ours = {};        ///< what every route has to know of this server
  /// How far it may go to deliver mail: nowhere unless somebody says so.
  conf::outbound_limits outbound = {conf::outbound_scope::none, {}};
  std::shared_ptr<const storage::secret_key> secrets = {}; ///< opens what is sealed in the stores
};

/// Throws std::runtime_error when the gateways cannot be read, before it spawns anything.
tree plant(caf::actor_system& system, const seeds& from);

/// What connections of a listener need of it.
connection::context_ptr context_for(const tree& of, const conf::node_settings& node,
                                    const conf::listener& listener,
                                    std::shared_ptr<connection::live_certificates> certificates);

/// Ends the tree, each actor after those that ask it. What was acknowledged is on disk already.
void fell(caf::actor_system& system, tree& what);

} // namespace stagepost::supervisor
