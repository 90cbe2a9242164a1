#include "protocols/mailauth/dkim_key_record.hpp"

#include "protocols/base/text.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"
#include "tests/protocols/mailauth/outside_data.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::dkim {
namespace {

std::string p() { return "p=" + base64_encode(rsa_key().public_octets()); }

errc refused(const std::string& text, key_type type = key_type::rsa) {
  const auto read = parse_key_record(text, type);
  return read ? errc{} : read.error().code;
}

TEST(DkimKeyRecord, ReadsWhatItWrites) {
  EXPECT_TRUE(parse_key_record(key_record_text(rsa_key()), key_type::rsa));
  EXPECT_TRUE(parse_key_record(key_record_text(ed25519_key()), key_type::ed25519));
  EXPECT_TRUE(key_record_text(rsa_key()).starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
  EXPECT_EQ(key_record_name("8D48750357DA749", "example.com"), "8D48750357DA749._domainkey.example.com");
}

TEST(DkimKeyRecord, TakesAKeyWithoutDecoration) { // DLV-17: "p=" and the key
  const auto read = parse_key_record(p(), key_type::rsa);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->testing);
  EXPECT_FALSE(read->strict_identity);
}

TEST(DkimKeyRecord, ReadsFlagsAndServices) {
  const auto read =
      parse_key_record("v=DKIM1; t=y:s; s=email:other; h=sha1:sha256; n=note; " + p(), key_type::rsa);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->testing);
  EXPECT_TRUE(read->strict_identity);
}

TEST(DkimKeyRecord, SaysWhyItRefuses) {
  EXPECT_EQ(refused("v=spf1 -all"), errc::key_malformed);
  EXPECT_EQ(refused("v=DKIM2; " + p()), errc::key_malformed);
  EXPECT_EQ(refused(p() + "; v=DKIM1"), errc::key_malformed);
  EXPECT_EQ(refused("v=DKIM1; k=rsa"), errc::key_malformed);
  EXPECT_EQ(refused("v=DKIM1; p="), errc::key_revoked);
  EXPECT_EQ(refused("v=DKIM1; p=****"), errc::key_malformed);
  EXPECT_EQ(refused("v=DKIM1; k=ed25519; " + p()), errc::key_of_other_type);
  EXPECT_EQ(refused("v=DKIM1; " + p(), key_type::ed25519), errc::key_of_other_type);
  EXPECT_EQ(refused("v=DKIM1; h=sha1; " + p()), errc::key_refuses_hash);
  EXPECT_EQ(refused("v=DKIM1; s=tlsrpt; " + p()), errc::key_for_other_service);
  EXPECT_EQ(refused("v=DKIM1; n=" + std::string(max_key_record_bytes, 'x') + "; " + p()),
            errc::key_malformed);
}

TEST(DkimKeyRecord, MakesSelectorsOfHexadecimalDigits) { // DLV-16
  EXPECT_EQ(make_selector("\x8d\x48\x75\x03\x57\xda\x74\x9f"), "8D48750357DA749");
}

TEST(DkimKeyRecord, CutsLongTextsForZoneFiles) {
  const auto text = zone_file_text(std::string(300, 'x') + "\"");
  EXPECT_EQ(text, '"' + std::string(255, 'x') + "\" \"" + std::string(45, 'x') + "\\\"\"");
}

TEST(DkimKeyRecord, ReadsTheRecordsOfOthers) {
  if (!read_outside("dkim/dkimpy/test.txt")) GTEST_SKIP() << "no ../shared/data/dkim beside this checkout";
  const auto read = [](const std::string& file, key_type type = key_type::rsa) {
    auto text = *read_outside("dkim/dkimpy/" + file);
    while (text.ends_with('\n')) text.pop_back();
    return refused(text, type);
  };
  for (const auto* good :
       {"test.txt", "1024_testkey_wo_markers.pub.rsa.txt", "1024_testkey_wo_markers.pub.txt",
        "2048_testkey_wo_markers.pub.rsa.txt", "2048_testkey_wo_markers.pub.txt"})
    EXPECT_EQ(read(good), errc{}) << good;
  EXPECT_EQ(read("ed25519test.dns", key_type::ed25519), errc{});
  EXPECT_EQ(read("badversion.txt"), errc::key_malformed);
  EXPECT_EQ(read("badk.txt"), errc::key_of_other_type);
  EXPECT_EQ(read("test_tlsrpt.txt"), errc::key_for_other_service);
}

} // namespace
} // namespace stagepost::mailauth::dkim
