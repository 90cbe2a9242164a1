#pragma once

#include "actors/connection/blocked_senders.hpp"
#include "actors/domain/interface.hpp"
#include "actors/gateway/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/net/tls.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/interface.hpp"
#include "actors/statistics/interface.hpp"
#include "actors/throttle/interface.hpp"
#include "conf/settings.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::connection {

/// One shard as a connection needs it.
struct shard {
  mailbox::services with;
  mailbox::accounts_actor accounts;
  spool::intake_actor intake;
};

/// Certificates in force; a reload puts new ones in place.
class live_certificates {
public:
  net::tls_context_ptr get() const { return current_.load(); }
  void set(net::tls_context_ptr next) { current_ = std::move(next); }

private:
  std::atomic<net::tls_context_ptr> current_;
};

/// What all connections of one listener share. Never changed once made.
struct context {
  conf::listener listener;
  std::string host_name;
  std::shared_ptr<live_certificates> certificates;
  live_settings_ptr settings;
  domain::directory_actor directory;
  domain::login_actor logins;
  std::vector<shard> shards;
  metrics::counters_ptr counters;
  statistics::statistics_actor statistics;
  throttle::throttle_actor throttle;
  std::shared_ptr<blocked_senders> blocked = std::make_shared<blocked_senders>();
  gateway::entry_actor gateways; ///< whom mail is taken in for; null: only for ourselves
};
using context_ptr = std::shared_ptr<const context>;

/// Who is at the other end, as the listener or a PROXY header says.
struct peer {
  std::string address = "unknown";
  uint16_t port = 0;
  std::shared_ptr<void> ticket; ///< its place among the connections allowed; given back with the connection
};

} // namespace stagepost::connection
