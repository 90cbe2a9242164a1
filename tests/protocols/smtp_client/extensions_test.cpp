#include "protocols/smtp_client/extensions.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

TEST(SmtpClientExtensions, ReadsThemWhateverTheirCase) {
  const auto peer =
      parse_extensions("server.example\nPipelining\n8bitmime\nSIZE 35882577\nAUTH PLAIN login XOAUTH2\n"
                       "CHUNKING\nBINARYMIME\nSMTPUTF8\nDSN\nSTARTTLS\nREQUIRETLS\nENHANCEDSTATUSCODES\n"
                       "LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=1 ODD=x");
  EXPECT_TRUE(peer.pipelining && peer.eight_bit_mime && peer.chunking && peer.binary_mime && peer.smtp_utf8);
  EXPECT_TRUE(peer.dsn && peer.start_tls && peer.require_tls && peer.enhanced_codes && peer.size);
  EXPECT_EQ(peer.max_size_bytes, 35882577u);
  EXPECT_EQ(peer.mechanisms, (std::vector{sasl::mechanism::plain, sasl::mechanism::login}));
  EXPECT_EQ(peer.max_transactions, 5u);
  EXPECT_EQ(peer.max_recipients, 100u);
  EXPECT_EQ(peer.max_recipient_domains, 1u);
}

TEST(SmtpClientExtensions, TakesNothingFromTheGreetingLine) {
  EXPECT_FALSE(parse_extensions("PIPELINING").pipelining);
}

TEST(SmtpClientExtensions, NeedsChunksForBinary) {
  EXPECT_FALSE(parse_extensions("x\nBINARYMIME").binary_mime);
}

TEST(SmtpClientExtensions, PassesOverWhatIsMalformed) {
  const auto peer =
      parse_extensions("x\nSIZE big\nLIMITS RCPTMAX=-1 MAILMAX\n\n  \nAUTH\nPIPELINING and more");
  EXPECT_TRUE(peer.size && peer.pipelining);
  EXPECT_EQ(peer.max_size_bytes, 0u);
  EXPECT_EQ(peer.max_recipients, 0u);
}

} // namespace
} // namespace stagepost::smtp_client
