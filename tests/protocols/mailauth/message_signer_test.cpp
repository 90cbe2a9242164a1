#include "protocols/mailauth/message_signer.hpp"

#include "protocols/mailauth/header_index.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::dkim {
namespace {

result<bytes> sign_in_pieces(bytes_view whole, size_t length) {
  message_signer making({sign_with(ed25519_key(), "ed")}, noon);
  for (; !whole.empty(); whole.remove_prefix(std::min(length, whole.size())))
    making.feed(whole.substr(0, length));
  return making.finish();
}

TEST(DkimMessageSigner, SignsAlikeHoweverTheMessageIsCut) {
  const auto m = sample();
  const bytes whole = m.header + m.body;
  signer at_once(m.header, {sign_with(ed25519_key(), "ed")}, noon);
  at_once.feed_body(m.body);
  const auto expected = at_once.finish();
  ASSERT_TRUE(expected);
  for (size_t length = 1; length <= whole.size(); ++length) {
    const auto fields = sign_in_pieces(whole, length);
    ASSERT_TRUE(fields) << length;
    EXPECT_EQ(*fields, *expected) << length;
  }
}

TEST(DkimMessageSigner, SignsAHeaderWithoutABody) {
  const bytes whole = "From: alice@example.test\r\nSubject: no body\r\n";
  const auto fields = sign_in_pieces(whole, 7);
  ASSERT_TRUE(fields);
  const auto got = verify(split_message(*fields + whole), published());
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].result, auth_result::pass);
}

TEST(DkimMessageSigner, RefusesAMessageWithoutAFrom) {
  for (const bytes whole : {"\r\nno header", "Subject: x\r\n\r\nFrom: nobody@example.test\r\n"}) {
    const auto fields = sign_in_pieces(whole, 5);
    ASSERT_FALSE(fields);
    EXPECT_EQ(fields.error().code, errc::from_not_signed);
  }
}

TEST(DkimMessageSigner, KeepsNoMoreOfAHeaderThanItMaySign) {
  bytes whole = "From: alice@example.test\r\n";
  while (whole.size() <= max_header_bytes) whole += "X-Long: " + bytes(900, 'x') + "\r\n";
  for (const size_t length : {size_t(4096), whole.size()}) {
    const auto fields = sign_in_pieces(whole + "\r\nbody\r\n", length);
    ASSERT_FALSE(fields);
    EXPECT_EQ(fields.error().code, errc::header_too_large);
  }
}

TEST(DkimMessageSigner, HashesABodyOfOneLargePieceWhole) {
  const bytes whole = sample().header + bytes(3 * max_header_bytes, 'x') + "\r\n";
  const auto fields = sign_in_pieces(whole, whole.size());
  ASSERT_TRUE(fields);
  EXPECT_EQ(verify(split_message(*fields + whole), published()).at(0).result, auth_result::pass);
}

} // namespace
} // namespace stagepost::mailauth::dkim
