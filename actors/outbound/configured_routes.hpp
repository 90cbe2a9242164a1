#pragma once

#include "actors/outbound/route.hpp"
#include "conf/outbound_route.hpp"
#include "conf/system_settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stagepost::outbound {

/// The routes of smtp_out.routes, read once, so that looking for one costs no more than its labels.
class route_table {
public:
  route_table() = default;
  explicit route_table(const conf::smtp_out_settings& settings);

  /// The nearest entry for a destination, "*" last; none: nullptr.
  const conf::outbound_route* find(const std::string& destination) const;

private:
  std::unordered_map<std::string, conf::outbound_route> routes_; ///< by their domains
};

/// Whether mail may go elsewhere than before by these settings, or come from elsewhere, or by another name.
bool lead_elsewhere(const conf::smtp_out_settings& before, const conf::smtp_out_settings& now);

/// The route that smtp_out.routes gives a destination, and nothing where there is none.
std::optional<route> configured_route(const conf::smtp_out_settings& settings,
                                      const std::string& destination);

} // namespace stagepost::outbound
