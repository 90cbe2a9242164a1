#include "protocols/mailauth/message_check.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/arc_sealer.hpp"
#include "protocols/mailauth/message_signer.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

constexpr bytes_view text = "From: a@one.test\r\nSubject: parts\r\n\r\none\r\n\r\n\r\ntwo\r\n";
const instant now = from_unix_milliseconds(1'700'000'000'000);

private_key make_key() { return *private_key::generate(key_type::ed25519); }

answer record_of(const private_key& key) {
  answer said;
  said.status = lookup_status::found;
  said.texts = {"v=DKIM1; k=ed25519; p=" + base64_encode(key.public_octets())};
  return said;
}

/// Signed by one.test and sealed by two.test, both with this key.
bytes signed_and_sealed(const private_key& key) {
  const dkim::signing_settings own{"one.test", "s", key};
  dkim::message_signer signing({own}, now);
  signing.feed(text);
  auto message = *signing.finish() + bytes(text);
  const auto end = message.find("\r\n\r\n") + 4;
  arc::sealer sealing(bytes_view(message).substr(0, end), {"two.test", "s", key}, auth_result::none,
                      "mail.two.test; none", now);
  sealing.feed_body(bytes_view(message).substr(end));
  return *sealing.finish() + message;
}

message_findings check(const private_key& key, bytes_view message, size_t piece) {
  dkim::verification_rules rules;
  rules.now = now;
  message_check checking(rules);
  for (size_t at = 0; at < message.size(); at += piece) checking.feed(message.substr(at, piece));
  checking.end();
  for (const auto& each : checking.questions()) checking.give(each, record_of(key));
  return checking.finish().value();
}

TEST(MessageCheck, HoldsHoweverTheMessageIsCut) {
  const auto key = make_key();
  const auto message = signed_and_sealed(key);
  for (const size_t piece : {size_t(1), size_t(2), size_t(3), size_t(7), size_t(100), message.size()}) {
    const auto found = check(key, message, piece);
    ASSERT_EQ(found.signatures.size(), 1u);
    EXPECT_EQ(found.signatures[0].result, auth_result::pass) << piece;
    EXPECT_EQ(found.chain.result, auth_result::pass) << piece << found.chain.problem;
    EXPECT_EQ(found.chain.highest, 1u);
  }
}

TEST(MessageCheck, SeesAChangeOfTheBody) {
  const auto key = make_key();
  auto message = signed_and_sealed(key);
  message.insert(message.size() - 2, "!");
  const auto found = check(key, message, 10);
  EXPECT_EQ(found.signatures.at(0).result, auth_result::fail);
  EXPECT_EQ(found.chain.result, auth_result::fail);
}

TEST(MessageCheck, AsksForEachKeyOnce) {
  message_check checking({});
  checking.feed(signed_and_sealed(make_key()));
  checking.end();
  EXPECT_EQ(checking.questions().size(), 2u);
}

TEST(MessageCheck, TakesMessagesWithoutABodyOrWithoutAHeader) {
  for (const bytes_view one : {"From: a@one.test\r\n", "\r\nbody\r\n", "", "no message at all"}) {
    message_check checking({});
    checking.feed(one);
    checking.end();
    EXPECT_TRUE(checking.questions().empty());
    const auto found = checking.finish();
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->signatures.empty());
    EXPECT_EQ(found->chain.result, auth_result::none);
  }
}

TEST(MessageCheck, LooksAtNoHeaderBeyondTheLimit) {
  message_check checking({});
  const bytes line = "X-Long: " + bytes(900, 'x') + "\r\n";
  for (size_t sent = 0; sent <= max_header_bytes; sent += line.size()) checking.feed(line);
  checking.feed("\r\nbody");
  checking.end();
  EXPECT_FALSE(checking.finish());
}

TEST(MessageParts, GiveTheBodyBackWithoutLoss) {
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    message_parts parts;
    bytes body(parts.feed(text.substr(0, cut)));
    body += parts.feed(text.substr(cut));
    EXPECT_EQ(parts.header() + body, text) << cut;
    EXPECT_TRUE(parts.header().ends_with("\r\n\r\n"));
    EXPECT_EQ(body, "one\r\n\r\n\r\ntwo\r\n");
  }
}

} // namespace
} // namespace stagepost::mailauth
