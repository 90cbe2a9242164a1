#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::metrics {

/// What is counted from everywhere; `describe` has the name and the sentence of each.
enum class counter : uint8_t {
  smtp_connections,
  imap_connections,
  pop3_connections,
  lmtp_connections, // accepted since start
  connections_refused,
  messages_accepted,
  messages_refused,
  octets_accepted,
  messages_delivered,
  deliveries_deferred,
  deliveries_bounced,
  remote_delivered,
  remote_deferred,
  remote_bounced,
  logins,
  logins_failed,
  imap_commands,
  bodies_read_octets,
  cold_reads,
  dns_lookups,
  dns_cached_answers,
  dns_failures,
  count_,
};

/// What goes up and down.
enum class gauge : uint8_t {
  smtp_open,
  imap_open,
  pop3_open,
  lmtp_open,
  http_open,
  spool_messages,
  count_,
};

/// Counters any thread may add to; they cost one relaxed atomic each.
class counters {
public:
  void add(counter which, uint64_t by = 1) {
    counts_[size_t(which)].fetch_add(by, std::memory_order_relaxed);
  }
  void change(gauge which, int64_t by) { gauges_[size_t(which)].fetch_add(by, std::memory_order_relaxed); }
  uint64_t value(counter which) const { return counts_[size_t(which)].load(std::memory_order_relaxed); }
  int64_t value(gauge which) const { return gauges_[size_t(which)].load(std::memory_order_relaxed); }

private:
  std::array<std::atomic<uint64_t>, size_t(counter::count_)> counts_{};
  std::array<std::atomic<int64_t>, size_t(gauge::count_)> gauges_{};
};

using counters_ptr = std::shared_ptr<counters>;

/// A figure taken when somebody asks, such as a store's number of flushes.
struct sampled {
  std::string name;
  std::string help;
  bool is_counter = false;
  std::function<double()> value;
};

/// All figures as Prometheus text (exposition format 0.0.4).
std::string to_prometheus(const counters& from, const std::vector<sampled>& more);

} // namespace stagepost::metrics
