#include "protocols/mime/time_zone.hpp"

#include <unicode/timezone.h>
#include <unicode/ucal.h>

namespace stagepost::mime {

std::optional<time_zone> time_zone::find(const std::string& name) {
  time_zone found;
  if (name == "UTC") return found;
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(name)));
  icu::UnicodeString known;
  if (!zone || zone->getID(known) == icu::UnicodeString(UCAL_UNKNOWN_ZONE_ID)) return std::nullopt;
  found.zone_ = std::move(zone);
  return found;
}

std::chrono::minutes time_zone::offset_at(instant at) const {
  if (!zone_) return {};
  int32_t standard = 0, daylight = 0;
  auto status = U_ZERO_ERROR;
  zone_->getOffset(UDate(unix_milliseconds(at)), false, standard, daylight, status);
  if (U_FAILURE(status)) return {};
  return std::chrono::floor<std::chrono::minutes>(std::chrono::milliseconds(standard + daylight));
}

} // namespace stagepost::mime
