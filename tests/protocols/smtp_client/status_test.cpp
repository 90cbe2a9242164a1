#include "protocols/smtp_client/status.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

TEST(SmtpClientStatus, ReadsWhatItWrites) {
  for (const std::string_view text : {"2.0.0", "4.4.7", "5.1.10", "5.7.30", "5.999.999"}) {
    const auto status = parse_status(text);
    ASSERT_TRUE(status) << text;
    EXPECT_EQ(to_string(*status), text);
  }
}

TEST(SmtpClientStatus, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "5", "5.1", "5.1.", "3.1.1", "5.1.1.1", "5.01.1", "5.1.1000", "5.a.1", " 5.1.1"})
    EXPECT_FALSE(parse_status(text)) << text;
}

TEST(SmtpClientStatus, KnowsWhatTheSubjectSpeaksOf) {
  EXPECT_EQ(subject_of({5, 1, 1}), status_subject::addressing);
  EXPECT_EQ(subject_of({5, 7, 1}), status_subject::policy);
  EXPECT_EQ(subject_of({5, 9, 1}), status_subject::other);
  EXPECT_EQ(to_string(with_grade({5, 2, 2}, 4)), "4.2.2");
  EXPECT_EQ(to_string(status_code{}), "");
}

} // namespace
} // namespace stagepost::smtp_client
