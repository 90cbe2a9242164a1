#pragma once

#include "actors/metrics/metrics.hpp"
#include "actors/net/connection.hpp"
#include "actors/settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::http {

/// What the HTTP door shows for now: figures and whether the server is well.
struct services {
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  std::vector<metrics::sampled> figures;
  std::function<bool()> healthy; ///< all stores take writes
  std::function<net::tls_context_ptr()> certificates;
};
using services_ptr = std::shared_ptr<const services>;

/// One HTTP/1.1 client (Beast): GET and HEAD of /metrics (only from metrics.allowed_networks) and /healthz.
class http_connection : public net::connection {
public:
  http_connection(caf::actor_config& config, net::socket socket, services_ptr with, std::string peer_address,
                  bool tls, std::shared_ptr<void> ticket);
  ~http_connection() override;
  const char* name() const override { return "http"; }

protected:
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  struct parsed;
  bool may_see_figures() const;

  services_ptr with_;
  std::string peer_address_;
  bool tls_;
  std::shared_ptr<void> ticket_;
};

} // namespace stagepost::http
