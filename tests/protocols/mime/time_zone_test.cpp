#include "protocols/mime/time_zone.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

/// The last second before `change` and the first of it, in minutes ahead of UTC.
std::pair<int64_t, int64_t> around(const char* name, instant change) {
  const auto zone = time_zone::find(name);
  if (!zone) return {-9999, -9999};
  return {zone->offset_at(change - 1s).count(), zone->offset_at(change).count()};
}

using change = std::pair<int64_t, int64_t>;

TEST(MimeTimeZone, IsUtcUnlessToldOtherwise) {
  EXPECT_EQ(time_zone().offset_at(sys_days(2026y / 7 / 1)), 0min);
  EXPECT_EQ(time_zone::find("UTC")->offset_at(sys_days(2026y / 7 / 1)), 0min);
}

TEST(MimeTimeZone, DoesNotKnowWhatIsNoZone) {
  for (const auto* name : {"", "Mars/Olympus_Mons", "Europe/Berlin/Mitte", "UTC ", "Etc/Unknown"})
    EXPECT_FALSE(time_zone::find(name)) << name;
}

TEST(MimeTimeZone, ChangesWithDaylightSavingTimeOfBerlin) {
  EXPECT_EQ(around("Europe/Berlin", sys_days(2026y / 3 / 29) + 1h), change(60, 120));
  EXPECT_EQ(around("Europe/Berlin", sys_days(2026y / 10 / 25) + 1h), change(120, 60));
  // A year before and after, on other days.
  EXPECT_EQ(around("Europe/Berlin", sys_days(2025y / 3 / 30) + 1h), change(60, 120));
  EXPECT_EQ(around("Europe/Berlin", sys_days(2027y / 10 / 31) + 1h), change(120, 60));
}

TEST(MimeTimeZone, TellsBothOfARepeatedHour) {
  const auto zone = time_zone::find("Europe/Berlin");
  ASSERT_TRUE(zone);
  // 02:30 on the clocks there, twice.
  const instant first = sys_days(2026y / 10 / 25) + 30min, second = first + 1h;
  EXPECT_EQ(first + zone->offset_at(first), second + zone->offset_at(second));
  EXPECT_EQ(zone->offset_at(first), 120min);
  EXPECT_EQ(zone->offset_at(second), 60min);
}

TEST(MimeTimeZone, ChangesWithDaylightSavingTimeOfNewYork) {
  EXPECT_EQ(around("America/New_York", sys_days(2026y / 3 / 8) + 7h), change(-300, -240));
  EXPECT_EQ(around("America/New_York", sys_days(2026y / 11 / 1) + 6h), change(-240, -300));
}

TEST(MimeTimeZone, ChangesTheOtherWayInTheSouth) {
  EXPECT_EQ(around("America/Santiago", sys_days(2026y / 4 / 5) + 3h), change(-180, -240));
  EXPECT_EQ(around("America/Santiago", sys_days(2026y / 9 / 6) + 4h), change(-240, -180));
}

TEST(MimeTimeZone, KnowsZonesOfHalfAndQuarterHours) {
  const instant winter = sys_days(2026y / 1 / 15);
  EXPECT_EQ(time_zone::find("Asia/Kolkata")->offset_at(winter), 330min);
  EXPECT_EQ(time_zone::find("Asia/Kathmandu")->offset_at(winter), 345min);
  EXPECT_EQ(time_zone::find("America/St_Johns")->offset_at(winter), -210min);
  // Summer begins by half an hour only.
  EXPECT_EQ(around("Australia/Lord_Howe", sys_days(2026y / 10 / 3) + 15h + 30min), change(630, 660));
}

TEST(MimeTimeZone, LeavesOutSecondsOfOldLocalTimes) {
  // Until 1893 clocks in Berlin showed the sun's time, 53 minutes and 28 seconds ahead.
  EXPECT_EQ(time_zone::find("Europe/Berlin")->offset_at(sys_days(1890y / 1 / 1)), 53min);
}

} // namespace
} // namespace stagepost::mime
