#include "protocols/sasl/exchange.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

TEST(SaslMechanism, IsKnownByItsNameInAnyCase) {
  for (uint8_t i = 0; i <= uint8_t(mechanism::external); ++i) {
    const auto which = mechanism(i);
    EXPECT_EQ(mechanism_named(name_of(which)), which);
  }
  EXPECT_EQ(mechanism_named("scram-sha-256-plus"), mechanism::scram_sha_256_plus);
  EXPECT_EQ(mechanism_named("Cram-Md5"), mechanism::cram_md5);
  EXPECT_EQ(mechanism_named("SCRAM-SHA-512"), std::nullopt);
  EXPECT_EQ(mechanism_named(""), std::nullopt);
}

TEST(SaslMechanism, TellsWhichSendThePassword) {
  EXPECT_TRUE(sends_password(mechanism::plain));
  EXPECT_TRUE(sends_password(mechanism::login));
  EXPECT_FALSE(sends_password(mechanism::cram_md5));
  EXPECT_FALSE(sends_password(mechanism::scram_sha_1));
}

TEST(SaslMechanism, SomeNeedWhatTheChannelOffers) {
  const channel_binding plain, bound{"exporter", ""}, certified{"", "end point", {"joe@example.test"}};
  EXPECT_TRUE(is_possible_on(mechanism::plain, plain));
  EXPECT_TRUE(is_possible_on(mechanism::scram_sha_256, plain));
  EXPECT_FALSE(is_possible_on(mechanism::scram_sha_256_plus, plain));
  EXPECT_TRUE(is_possible_on(mechanism::scram_sha_1_plus, bound));
  EXPECT_TRUE(is_possible_on(mechanism::scram_sha_256_plus, certified));
  EXPECT_FALSE(is_possible_on(mechanism::external, bound));
  EXPECT_TRUE(is_possible_on(mechanism::external, certified));
}

TEST(SaslExchange, MakesTheMachineOfEachMechanism) {
  const bytes nonce(18, 'n');
  const auto first = [&](mechanism which) {
    auto step =
        make_exchange(which, nonce, "mail.example.test", 12345, {"x", "y"}, true)->start(std::nullopt);
    return std::holds_alternative<challenge>(step) ? std::get<challenge>(step).text : bytes("none");
  };
  EXPECT_EQ(first(mechanism::plain), "");
  EXPECT_EQ(first(mechanism::login), "Username:");
  EXPECT_EQ(first(mechanism::cram_md5), "<6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e.12345@mail.example.test>");
  EXPECT_EQ(first(mechanism::scram_sha_1_plus), "");
  EXPECT_EQ(first(mechanism::scram_sha_256), "");
}

TEST(SaslExchange, PutsTheGivenNonceBehindTheClients) {
  const auto machine = make_exchange(mechanism::scram_sha_256, bytes(18, 'n'), "host", 0, {}, false);
  machine->start("n,,n=user,r=abc");
  credentials found;
  found.scram = scram_keys{"salt", 4096, bytes(32, 's'), bytes(32, 'v')};
  const auto sent = machine->on_credentials(found);
  ASSERT_TRUE(std::holds_alternative<challenge>(sent));
  EXPECT_EQ(std::get<challenge>(sent).text, "r=abc" + base64_encode(bytes(18, 'n')) + ",s=c2FsdA==,i=4096");
}

} // namespace
} // namespace stagepost::sasl
