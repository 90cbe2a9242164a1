#pragma once

#include "conf/domain_settings.hpp"

#include <compare>
#include <string>

namespace stagepost {

/// How mail of a domain's senders leaves, by the settings of the domain. What says the same is one way: such
/// domains may share a connection, others never.
struct way_out {
  std::string source_ipv4; ///< DOM-86; empty: smtp_out.source_ipv4
  std::string source_ipv6; ///< the same
  bool tls = true;         ///< DOM-22

  auto operator<=>(const way_out&) const = default;
  /// As mail of nobody's goes, and that of domains that say nothing.
  bool is_usual() const { return *this == way_out{}; }
};

inline way_out way_out_of(const conf::domain_settings& settings) {
  return {settings.outbound_ipv4, settings.outbound_ipv6, settings.outgoing_tls};
}

} // namespace stagepost
