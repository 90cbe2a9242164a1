#include "protocols/smtp/greeting.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

using enum sasl::mechanism;

session_settings with_all_mechanisms() {
  session_settings settings;
  settings.mechanisms = {
      plain, login, cram_md5, scram_sha_1, scram_sha_1_plus, scram_sha_256, scram_sha_256_plus};
  return settings;
}

using mechanisms = std::vector<sasl::mechanism>;

TEST(SmtpGreeting, OffersNoPasswordMechanismOnAPlainLine) {
  EXPECT_EQ(usable_mechanisms(with_all_mechanisms(), {}), (mechanisms{cram_md5, scram_sha_1, scram_sha_256}));
}

TEST(SmtpGreeting, OffersChannelBindingWhereThereIsAChannel) {
  EXPECT_EQ(usable_mechanisms(with_all_mechanisms(), {"TLSv1.3", "", {"exported", ""}}),
            with_all_mechanisms().mechanisms);
  EXPECT_EQ(usable_mechanisms(with_all_mechanisms(), {"TLSv1.2", "", {}}),
            (mechanisms{plain, login, cram_md5, scram_sha_1, scram_sha_256}));
}

TEST(SmtpGreeting, OffersPasswordMechanismsInTheClearWhereThePolicySaysSo) {
  auto settings = with_all_mechanisms();
  settings.login_needs_tls = false;
  EXPECT_EQ(usable_mechanisms(settings, {}),
            (mechanisms{plain, login, cram_md5, scram_sha_1, scram_sha_256}));
}

TEST(SmtpGreeting, EndsTheListOfExtensionsWithASpace) {
  const auto text = ehlo_reply("host.test", {.start_tls = true,
                                             .mechanisms = {plain},
                                             .max_message_size_bytes = 7,
                                             .max_recipients = 100,
                                             .vrfy = true,
                                             .expn = true});
  EXPECT_TRUE(text.starts_with("250-host.test\r\n"));
  for (const auto* line :
       {"250-SIZE 7\r\n", "250-VRFY\r\n", "250-EXPN\r\n", "250-STARTTLS\r\n", "250-LIMITS RCPTMAX=100\r\n"})
    EXPECT_NE(text.find(line), text.npos) << line;
  EXPECT_TRUE(text.ends_with("250 AUTH PLAIN\r\n"));
}

} // namespace
} // namespace stagepost::smtp
