#include "protocols/mailauth/dkim_verifier.hpp"

#include "protocols/base/text.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"
#include "tests/protocols/mailauth/outside_data.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::dkim {
namespace {

using canonicalization::relaxed;
using canonicalization::simple;

message both() {
  return signed_message(sample(), {sign_with(rsa_key(), "rsa"), sign_with(ed25519_key(), "ed")});
}

message ed_signed(signing_settings with = sign_with(ed25519_key(), "ed")) {
  return signed_message(sample(), {std::move(with)});
}

std::optional<errc> why(const message& m, const txt_records& dns = published(),
                        const verification_rules& rules = {}) {
  const auto got = verify(m, dns, rules);
  EXPECT_EQ(got.size(), 1u);
  return got.empty() ? std::nullopt : got.front().why;
}

void replace(bytes& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  ASSERT_NE(at, text.npos) << from;
  text.replace(at, from.size(), to);
}

TEST(DkimVerifier, PassesWhatIsWhole) {
  const auto m = both();
  const auto got = verify(m, published());
  ASSERT_EQ(got.size(), 2u);
  for (const auto& one : got) {
    EXPECT_EQ(one.result, auth_result::pass) << to_string(one.why.value_or(errc{}));
    EXPECT_EQ(one.domain, "example.test");
    EXPECT_EQ(one.identity, "@example.test");
    EXPECT_TRUE(one.body_in_full);
    EXPECT_EQ(one.value_start.size(), 8u);
    EXPECT_TRUE(m.header.substr(one.offset, one.size).starts_with("DKIM-Signature: v=1;"));
    EXPECT_TRUE(m.header.substr(one.offset, one.size).ends_with("\r\n"));
  }
  EXPECT_EQ(got[0].algorithm, "rsa-sha256");
  EXPECT_EQ(got[0].key_bits, 2048u);
  EXPECT_EQ(got[1].selector, "ed");
}

TEST(DkimVerifier, AsksForEachKeyOnce) {
  const auto m = signed_message(sample(), {sign_with(ed25519_key(), "ed"), sign_with(ed25519_key(), "ed"),
                                           sign_with(rsa_key(), "rsa")});
  const verifier checking(m.header, {});
  ASSERT_EQ(checking.questions().size(), 2u);
  EXPECT_EQ(checking.questions()[0], (question{record_type::txt, "ed._domainkey.example.test"}));
}

TEST(DkimVerifier, HasNothingToSayOfUnsignedMail) { EXPECT_TRUE(verify(sample(), published()).empty()); }

TEST(DkimVerifier, NoticesChanges) {
  auto m = ed_signed();
  replace(m.body, "Bob", "Bab");
  EXPECT_EQ(why(m), errc::body_changed);
  m = ed_signed();
  replace(m.header, "bob@example.org", "eve@example.org");
  EXPECT_EQ(why(m), errc::signature_mismatch);
  m = ed_signed();
  replace(m.header, "Subject:", "Subject: other\r\nSubject:");
  EXPECT_EQ(why(m), errc::signature_mismatch);
  m = ed_signed();
  replace(m.header, "t=1795348800", "t=1795348801");
  EXPECT_EQ(why(m), errc::signature_mismatch);
}

TEST(DkimVerifier, ForgivesWhatTheRelaxedFormForgives) {
  auto m = ed_signed();
  replace(m.header, "Subject:  Hello   there \r\n", "SUBJECT :Hello\r\n\tthere\r\n");
  replace(m.body, "Hello  Bob,", "Hello\tBob, \t");
  m.body += "\r\n\r\n";
  EXPECT_EQ(why(m), std::nullopt);
}

TEST(DkimVerifier, ForgivesLittleInTheSimpleForm) {
  auto with = sign_with(ed25519_key(), "ed");
  with.header_form = with.body_form = simple;
  auto m = ed_signed(with);
  EXPECT_EQ(why(m), std::nullopt);
  m.body += "\r\n";
  EXPECT_EQ(why(m), std::nullopt);
  auto changed = m;
  replace(changed.header, "Subject:  Hello", "Subject: Hello");
  EXPECT_EQ(why(changed), errc::signature_mismatch);
  changed = m;
  replace(changed.body, "Hello  Bob", "Hello Bob");
  EXPECT_EQ(why(changed), errc::body_changed);
}

TEST(DkimVerifier, IsTheSameHoweverTheBodyIsCut) {
  const auto m = both();
  verifier checking(m.header, {});
  for (const char c : m.body) checking.feed_body(bytes_view(&c, 1));
  for (const auto& asked : checking.questions()) checking.give(asked, look_up(published(), asked));
  for (const auto& one : checking.finish()) EXPECT_EQ(one.result, auth_result::pass);
}

TEST(DkimVerifier, TellsWhatIsWrongWithTheKey) {
  const auto m = ed_signed();
  const std::string name = "ed._domainkey.example.test";
  const auto p = key_record_text(ed25519_key());
  EXPECT_EQ(why(m, {}), errc::no_key);
  EXPECT_EQ(why(m, {{name, answer{}}}), errc::key_unavailable);
  EXPECT_EQ(why(m, {{name, answer{.status = lookup_status::no_records}}}), errc::no_key);
  EXPECT_EQ(why(m, {{name, txt("v=DKIM1; k=ed25519; p=")}}), errc::key_revoked);
  EXPECT_EQ(why(m, {{name, txt(key_record_text(rsa_key()))}}), errc::key_of_other_type);
  EXPECT_EQ(why(m, {{name, txt("v=DKIM1; k=ed25519; p=" + base64_encode(bytes(32, 'x')))}}),
            errc::signature_mismatch);
  EXPECT_EQ(why(m, {{name, answer{.status = lookup_status::found, .texts = {"unrelated", p}}}}),
            std::nullopt);
}

TEST(DkimVerifier, CountsALookUpWithoutAnAnswerAsFailed) {
  const auto m = ed_signed();
  verifier checking(m.header, {});
  checking.feed_body(m.body);
  checking.give({record_type::txt, "other._domainkey.example.test"}, txt("v=DKIM1; p="));
  const auto got = checking.finish();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].result, auth_result::temperror);
}

TEST(DkimVerifier, HoldsTheFlagsOfTheKey) {
  auto with = sign_with(ed25519_key(), "ed");
  with.identity = "joe@mail.example.test";
  const auto m = ed_signed(with);
  const auto record = key_record_text(ed25519_key());
  EXPECT_EQ(why(m), std::nullopt);
  EXPECT_EQ(why(m, {{"ed._domainkey.example.test", txt(record + "; t=s")}}), errc::key_refuses_subdomain);
  const auto got = verify(m, {{"ed._domainkey.example.test", txt(record + "; t=y")}});
  EXPECT_TRUE(got.at(0).testing);
  EXPECT_EQ(got.at(0).identity, "joe@mail.example.test");
}

TEST(DkimVerifier, LooksAtTheClockForExpiry) {
  auto with = sign_with(ed25519_key(), "ed");
  with.lifetime = std::chrono::hours(1);
  const auto m = ed_signed(with);
  EXPECT_EQ(why(m, published(), {.now = noon + std::chrono::minutes(64)}), std::nullopt);
  EXPECT_EQ(why(m, published(), {.now = noon + std::chrono::minutes(66)}), errc::expired);
}

TEST(DkimVerifier, TellsOfABodyThatIsCoveredInPart) { // RFC 6376 8.2
  message m = sample();
  m.body = "signed\r\n";
  // Made by hand, since our signer does not write l=.
  sha256 body;
  body.add("signed\r\n");
  std::string field = "DKIM-Signature: v=1; a=ed25519-sha256; d=example.test; s=ed; h=from; l=8; bh=" +
                      base64_encode(body.finish()) + "; b=";
  sha256 header;
  header.add("From: Alice <alice@example.test>\r\n" + field);
  m.header = field + base64_encode(*ed25519_key().sign(header.finish())) + "\r\n" + m.header;
  EXPECT_TRUE(verify(m, published()).at(0).body_in_full);
  m.body += "added by a stranger\r\n";
  const auto got = verify(m, published());
  EXPECT_EQ(got.at(0).result, auth_result::pass);
  EXPECT_FALSE(got.at(0).body_in_full);
  m.body = "sign";
  EXPECT_EQ(why(m), errc::body_shorter_than_length);
}

TEST(DkimVerifier, DoesNotTakeTheAlgorithmsOfOldTimes) {
  auto m = signed_message(sample(), {sign_with(rsa_key(), "rsa")});
  replace(m.header, "a=rsa-sha256", "a=rsa-sha1");
  EXPECT_EQ(why(m), errc::historic_algorithm);
}

TEST(DkimVerifier, HasLimits) {
  message m = sample();
  const auto one = ed_signed().header.substr(0, ed_signed().header.find("Received:"));
  for (int i = 0; i < 30; ++i) m.header = one + m.header;
  EXPECT_EQ(verify(m, published()).size(), 10u);
  EXPECT_EQ(verify(m, published(), {.max_signatures = 2}).size(), 2u);
  m.header = "DKIM-Signature: v=1; a=" + bytes(max_signature_bytes, 'x') + "\r\n" + sample().header;
  EXPECT_EQ(why(m), errc::malformed);
  m.header = one + "X: " + bytes(max_header_bytes, 'x') + "\r\n" + sample().header;
  EXPECT_EQ(why(m), errc::header_too_large);
}

// Mail signed by others: the RFCs' own examples and dkimpy's.

/// A file with the TXT records before the first empty line and the message behind it.
void expect_passes(const std::string& path, size_t signatures) {
  const auto text = read_outside(path);
  if (!text) GTEST_SKIP() << "no ../shared/data/dkim beside this checkout";
  const auto end = text->find("\n\n");
  txt_records dns;
  std::string_view lines = std::string_view(*text).substr(0, end);
  while (!lines.empty()) {
    auto line = take_until(lines, '\n');
    const auto name = take_until(line, ' ');
    dns[std::string(name)] = txt(std::string(line));
  }
  const auto got = verify(split_message(with_crlf(text->substr(end + 2))), dns);
  EXPECT_EQ(got.size(), signatures);
  for (const auto& one : got)
    EXPECT_EQ(one.result, auth_result::pass) << one.algorithm << ' ' << to_string(one.why.value_or(errc{}));
}

TEST(DkimVerifier, PassesTheExampleOfRfc8463) { expect_passes("dkim/rfc/001.txt", 2); }
TEST(DkimVerifier, PassesTheExampleOfRfc6376) { expect_passes("dkim/rfc/002.txt", 1); }

TEST(DkimVerifier, PassesMailSignedByDkimpy) {
  const auto text = read_outside("dkim/dkimpy/rfc6376.signed.msg");
  if (!text) GTEST_SKIP() << "no ../shared/data/dkim beside this checkout";
  const auto m = split_message(with_crlf(*text));
  auto rsa = *read_outside("dkim/dkimpy/test.txt");
  while (rsa.ends_with('\n')) rsa.pop_back();
  // The Ed25519 key of RFC 8463 A.2, which dkimpy's samples use too.
  const auto got = verify(m, {{"test._domainkey.football.example.com", txt(rsa)},
                              {"brisbane._domainkey.football.example.com",
                               txt("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")}});
  ASSERT_EQ(got.size(), 2u);
  for (const auto& one : got)
    EXPECT_EQ(one.result, auth_result::pass) << one.algorithm << ' ' << to_string(one.why.value_or(errc{}));
}

} // namespace
} // namespace stagepost::mailauth::dkim
