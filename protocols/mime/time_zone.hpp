#pragma once

#include "protocols/base/units.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unicode/uversion.h>

U_NAMESPACE_BEGIN
class TimeZone;
U_NAMESPACE_END

namespace stagepost::mime {

/// How far the clocks of a place are ahead of UTC, with its daylight saving time: what was, and what is to be
/// by the rules known today. UTC unless found by a name. Cheap to copy; may be asked on all threads.
class time_zone {
public:
  /// By a name of the IANA time zone database, "Europe/Berlin". Nothing where there is no such zone.
  static std::optional<time_zone> find(const std::string& name);

  /// At that instant, in whole minutes: all that mail has room for (RFC 5322 3.3).
  std::chrono::minutes offset_at(instant at) const;

private:
  std::shared_ptr<const icu::TimeZone> zone_; ///< null: UTC
};

} // namespace stagepost::mime
