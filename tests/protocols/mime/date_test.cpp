#include "protocols/mime/date.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

/// The date as we would write it, or "none".
std::string read(std::string_view value) {
  const auto date = parse_date(value);
  return date ? format_date(*date) : "none";
}

struct sample {
  std::string_view value;
  std::string_view read;
};

class MimeDate : public testing::TestWithParam<sample> {};

TEST_P(MimeDate, IsRead) { EXPECT_EQ(read(GetParam().value), GetParam().read) << GetParam().value; }

INSTANTIATE_TEST_SUITE_P(
    Valid, MimeDate,
    testing::Values(sample{"Sun, 22 Nov 2026 16:19:33 +0000", "Sun, 22 Nov 2026 16:19:33 +0000"},
                    sample{"Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
                    sample{"21 Nov 1997 09:55 +0530", "Fri, 21 Nov 1997 09:55:00 +0530"},
                    sample{"Thu, 1 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 +0000"},
                    sample{"21 Nov 97 09:55:06 EST", "Fri, 21 Nov 1997 09:55:06 -0500"},
                    sample{"21 Nov 26 09:55:06 PDT", "Sat, 21 Nov 2026 09:55:06 -0700"},
                    sample{"21 Nov 104 09:55:06 Z", "Sun, 21 Nov 2004 09:55:06 +0000"},
                    sample{" Thu,\r\n 13\r\n Feb 1969 23:32 -0330 (Newfoundland (time))",
                           "Thu, 13 Feb 1969 23:32:00 -0330"},
                    sample{"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
                           "Fri, 21 Nov 1997 09:55:06 -0600"},
                    sample{"Mon, 21 Nov 1997 09:55:06", "Fri, 21 Nov 1997 09:55:06 +0000"},
                    sample{"Sun Nov 22 16:19:33 2026", "Sun, 22 Nov 2026 16:19:33 +0000"},
                    sample{"22-Nov-2026 16:19:33 +0100", "Sun, 22 Nov 2026 16:19:33 +0100"},
                    sample{"Thu, 22 Aug 0102 12:07:35 +0800", "Thu, 22 Aug 2002 12:07:35 +0800"},
                    sample{"29 Feb 2024 23:59:60 +0000", "Fri, 01 Mar 2024 00:00:00 +0000"},
                    sample{"Sunday, 22 November 2026 16:19:33 +01:00", "Sun, 22 Nov 2026 16:19:33 +0100"},
                    sample{"22 Nov 2026 16:19:33 XYZ", "Sun, 22 Nov 2026 16:19:33 +0000"}));

INSTANTIATE_TEST_SUITE_P(Invalid, MimeDate,
                         testing::Values(sample{"", "none"}, sample{"yesterday", "none"},
                                         sample{"22 Nov 2026", "none"},
                                         sample{"30 Feb 2026 10:00:00 +0000", "none"},
                                         sample{"22 Nov 2026 24:00:00 +0000", "none"},
                                         sample{"22 Nov 2026 10:61:00 +0000", "none"},
                                         sample{"22 Nov 1066 10:00:00 +0000", "none"},
                                         sample{"99999999999999999999 Nov 2026 10:00:00", "none"},
                                         sample{"((((((", "none"}));

TEST(MimeDateInstant, CountsInUtcAndKeepsTheZone) {
  const auto date = parse_date("Fri, 21 Nov 1997 09:55:06 -0600");
  ASSERT_TRUE(date.has_value());
  EXPECT_EQ(unix_seconds(date->at), 880127706);
  EXPECT_EQ(date->zone, std::chrono::minutes{-360});
}

} // namespace
} // namespace stagepost::mime
