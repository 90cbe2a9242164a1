#pragma once

#include "admin/http/router.hpp"

namespace stagepost::http {

/// /metrics: the figures as Prometheus text, for metrics.allowed_networks.
net::task<response> metrics_page(caf::event_based_actor* self, const services& with, const request& asked);

/// /healthz: 200 while all stores take writes, else 503. For everybody.
net::task<response> health_page(caf::event_based_actor* self, const services& with, const request& asked);

} // namespace stagepost::http
