#include "protocols/mailauth/dkim_signer.hpp"

#include "protocols/base/text.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"
#include "tests/protocols/mailauth/outside_data.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace stagepost::mailauth::dkim {
namespace {

bytes fields_of(const message& m, std::vector<signing_settings> settings) {
  signer making(m.header, std::move(settings), noon);
  making.feed_body(m.body);
  const auto made = making.finish();
  EXPECT_TRUE(made);
  return made ? *made : bytes();
}

TEST(DkimSigner, FoldsItsFields) {
  const auto fields = fields_of(sample(), {sign_with(rsa_key(), "rsa"), sign_with(ed25519_key(), "ed")});
  for (std::string_view rest = fields; !rest.empty();) {
    const auto line = take_until(rest, '\n');
    EXPECT_TRUE(line.ends_with('\r'));
    EXPECT_LE(line.size(), 77u) << line;
    EXPECT_TRUE(line.starts_with("DKIM-Signature: v=1; a=") || line.starts_with(' ')) << line;
    EXPECT_NE(trim(line.substr(0, line.size() - 1)), "");
  }
}

TEST(DkimSigner, PassesInEveryFormAndFolding) {
  for (const auto header : {canonicalization::simple, canonicalization::relaxed})
    for (const auto body : {canonicalization::simple, canonicalization::relaxed})
      for (const size_t length : {20u, 40u, 76u, 77u, 78u, 998u}) {
        auto with = sign_with(ed25519_key(), "ed");
        with.header_form = header;
        with.body_form = body;
        with.line_length = length;
        const auto got = verify(signed_message(sample(), {with}), published());
        ASSERT_EQ(got.size(), 1u);
        EXPECT_EQ(got[0].result, auth_result::pass) << length;
      }
}

TEST(DkimSigner, NamesOversignedFieldsOnceMore) {
  auto with = sign_with(ed25519_key(), "ed");
  with.fields = {"from", "received", "x-none"};
  with.oversigned = {"from", "cc"};
  message m = sample();
  m.header = "Received: first\r\n" + m.header;
  auto fields = fields_of(m, {with});
  EXPECT_NE(fields.find("h=from:from:received:received:cc;"), fields.npos) << fields;
  auto signed_one = m;
  signed_one.header = fields + m.header;
  EXPECT_EQ(verify(signed_one, published()).at(0).result, auth_result::pass);
  signed_one.header = fields + "Cc: eve@example.org\r\n" + m.header;
  EXPECT_EQ(verify(signed_one, published()).at(0).result, auth_result::fail);
}

TEST(DkimSigner, AlwaysSignsFrom) {
  auto with = sign_with(ed25519_key(), "ed");
  with.fields = with.oversigned = {};
  EXPECT_NE(fields_of(sample(), {with}).find("h=from;"), bytes::npos);
}

TEST(DkimSigner, WritesIdentityAndExpiry) {
  auto with = sign_with(ed25519_key(), "ed");
  with.identity = "@mail.example.test";
  with.lifetime = std::chrono::hours(24);
  const auto fields = fields_of(sample(), {with});
  EXPECT_NE(fields.find("i=@mail.example.test"), fields.npos);
  EXPECT_NE(fields.find("t=1795348800"), fields.npos);
  EXPECT_NE(fields.find("x=1795435200"), fields.npos);
}

TEST(DkimSigner, SignsAnEmptyBody) {
  for (const auto form : {canonicalization::simple, canonicalization::relaxed}) {
    auto with = sign_with(ed25519_key(), "ed");
    with.body_form = form;
    message m = sample();
    m.body.clear();
    EXPECT_EQ(verify(signed_message(m, {with}), published()).at(0).result, auth_result::pass);
  }
}

TEST(DkimSigner, RefusesWhatItCannotSignWell) {
  const auto refused = [](const message& m, signing_settings with) {
    signer making(m.header, {std::move(with)}, noon);
    const auto made = making.finish();
    return made ? errc{} : made.error().code;
  };
  const auto good = sign_with(ed25519_key(), "ed");
  auto bad = good;
  bad.domain = "not a name";
  EXPECT_EQ(refused(sample(), bad), errc::malformed);
  EXPECT_EQ(refused({"To: bob@example.org\r\n\r\n", ""}, good), errc::from_not_signed);
  EXPECT_EQ(refused({" folded\r\n" + sample().header, ""}, good), errc::malformed);
  message m = sample();
  for (size_t i = 0; i < max_signed_names; ++i) m.header = "To: x@example.org\r\n" + m.header;
  EXPECT_EQ(refused(m, good), errc::header_too_large);
}

TEST(DkimSigner, TakesTheKeysOfOthers) {
  const auto text = read_outside("dkim/dkimpy/test.message");
  if (!text) GTEST_SKIP() << "no ../shared/data/dkim beside this checkout";
  const auto m = split_message(with_crlf(*text));
  for (const auto& [file, record] : std::vector<std::pair<std::string, std::string>>{
           {"test.private", "test.txt"},
           {"1024_testkey.key", "1024_testkey_wo_markers.pub.txt"},
           {"2048_testkey.key", "2048_testkey_wo_markers.pub.rsa.txt"},
           {"2048_testkey_PKCS8.key", "2048_testkey_PKCS8.key.pub.txt"}}) {
    const auto key = private_key::from_pem(*read_outside("dkim/dkimpy/" + file));
    ASSERT_TRUE(key) << file;
    auto published_text = *read_outside("dkim/dkimpy/" + record);
    while (published_text.ends_with('\n')) published_text.pop_back();
    const auto got = verify(signed_message(m, {sign_with(*key, "other")}),
                            {{"other._domainkey.example.test", txt(published_text)}});
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].result, auth_result::pass) << file;
  }
}

TEST(DkimSigner, SignsRealMailSoThatItPasses) {
  namespace fs = std::filesystem;
  size_t signed_count = 0, refused = 0;
  for (const auto* folder : {"spam-ham", "mime-torture", "bounce-dsn"}) {
    if (!fs::exists(outside_data + folder))
      GTEST_SKIP() << "no ../shared/data/" << folder << " beside this checkout";
    for (const auto& entry : fs::recursive_directory_iterator(outside_data + folder)) {
      if (!entry.is_regular_file()) continue;
      const auto path = fs::relative(entry.path(), outside_data).string();
      const auto m = split_message(with_crlf(*read_outside(path)));
      auto strict = sign_with(ed25519_key(), "ed");
      strict.header_form = strict.body_form = canonicalization::simple;
      signer making(m.header, {sign_with(ed25519_key(), "ed"), strict}, noon);
      making.feed_body(m.body);
      const auto made = making.finish();
      if (!made) {
        ++refused;
        continue;
      }
      const auto got = verify({*made + m.header, m.body}, published());
      ASSERT_GE(got.size(), 2u) << path;
      ASSERT_EQ(got[0].result, auth_result::pass) << path;
      ASSERT_EQ(got[1].result, auth_result::pass) << path;
      ++signed_count;
    }
  }
  EXPECT_GT(signed_count, 3'000u);
  EXPECT_LT(refused, 400u);
}

} // namespace
} // namespace stagepost::mailauth::dkim
