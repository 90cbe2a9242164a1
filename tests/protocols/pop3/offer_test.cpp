#include "protocols/pop3/offer.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

session_settings all_mechanisms() {
  session_settings settings;
  settings.tls_offered = true;
  settings.mechanisms = {sasl::mechanism::plain, sasl::mechanism::login, sasl::mechanism::scram_sha_256,
                         sasl::mechanism::scram_sha_256_plus};
  return settings;
}

TEST(Pop3Offer, HoldsPasswordsBackOnAPlainLine) {
  const auto now = offer_on(all_mechanisms(), false, {});
  EXPECT_EQ(now.mechanisms, (std::vector{sasl::mechanism::scram_sha_256}));
  EXPECT_FALSE(now.password_commands);
  EXPECT_TRUE(now.password_needs_tls);
  EXPECT_TRUE(now.tls_can_start);
}

TEST(Pop3Offer, OffersPlusOnlyWhereTheChannelCanBeBound) {
  EXPECT_FALSE(offer_on(all_mechanisms(), true, {}).plus);
  EXPECT_TRUE(offer_on(all_mechanisms(), true, {"exporter", {}}).plus);
  EXPECT_TRUE(offer_on(all_mechanisms(), true, {{}, "end point"}).plus);
}

TEST(Pop3Offer, AnnouncesNoSaslWhereThereIsNone) {
  bytes out;
  write_capabilities(out, offer_on({}, false, {}), false);
  EXPECT_EQ(out, "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nUTF8 USER\r\n.\r\n");
}

} // namespace
} // namespace stagepost::pop3
