#include "conf/text_form.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stagepost::conf {
namespace {

TEST(TextForm, KnowsTheDaysOfTheCalendar) {
  for (const std::string day : {"2026-12-24", "2028-02-29", "0001-01-01"})
    EXPECT_TRUE(has_form(text_form::day, day)) << day;
  for (const std::string day : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "24.12.2026",
                                "2026-12-24T10:00", "2026-12-2x", "+026-12-24", ""})
    EXPECT_FALSE(has_form(text_form::day, day)) << day;
}

} // namespace
} // namespace stagepost::conf
