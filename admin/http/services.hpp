#pragma once

#include "actors/domain/interface.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/net/tls.hpp"
#include "actors/settings.hpp"
#include "actors/spool/interface.hpp"
#include "admin/http/request_rate.hpp"
#include "conf/settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::http {

/// A listener of this node as clients elsewhere reach it.
struct open_port {
  conf::service service = conf::service::http;
  conf::tls_mode tls = conf::tls_mode::none;
  std::string host_name;
  uint16_t port = 0;
};

/// What the pages of the HTTP doors are made from.
struct services {
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  std::vector<metrics::sampled> figures;
  std::function<bool()> healthy; ///< all stores take writes
  std::function<net::tls_context_ptr()> certificates;
  domain::directory_actor directory;
  domain::gateway_desk_actor gateway_desk = {};
  spool::census_actor census = {};
  std::shared_ptr<request_rate> gateway_rate = {}; ///< of all other servers together
  std::vector<open_port> ports;                    ///< of all services, in the order of the node's file
};
using services_ptr = std::shared_ptr<const services>;

} // namespace stagepost::http
