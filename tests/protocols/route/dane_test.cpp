#include "protocols/route/dane.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::route {
namespace {

const bytes certificate = "the certificate", key = "the key";

dns::tlsa_record record(uint8_t usage, uint8_t selector, uint8_t matching, bytes data) {
  return {usage, selector, matching, std::move(data)};
}

TEST(Dane, KnowsWhichRecordsMailUses) {
  const bytes d32(32, 'd'), d64(64, 'd');
  for (const auto& good :
       {record(3, 1, 1, d32), record(3, 0, 2, d64), record(2, 0, 0, "x"), record(2, 1, 1, d32)})
    EXPECT_TRUE(is_usable(good)) << int(good.usage) << int(good.selector) << int(good.matching);
  for (const auto& bad :
       {record(0, 1, 1, d32), record(1, 1, 1, d32), record(4, 1, 1, d32), record(255, 1, 1, d32),
        record(3, 2, 1, d32), record(3, 1, 3, d32), record(3, 1, 1, d64), record(3, 1, 2, d32),
        record(3, 1, 1, bytes(31, 'd')), record(3, 0, 0, "")})
    EXPECT_FALSE(is_usable(bad)) << int(bad.usage) << int(bad.selector) << int(bad.matching);
}

TEST(Dane, ComparesCertificatesAndKeysInFullAndByDigest) {
  // printf 'the key' | sha256sum, printf 'the certificate' | sha512sum
  const auto sha256 = "3a0aac44832e55528a834fec737786c999e7b8dea8bd601bb59f195237d58b2e",
             sha512 = "8ae1a451e1d377eb42de8a07c2ed1a90abfc7cb6d617fee4c04a492e7ee266e8314447b5c98bf1d377587d"
                      "2f2d7c6ba3005766d1b86aa4d24b89b02fb24daaec";
  const auto octets = [](std::string_view hex) {
    bytes out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
      out += char(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
  };
  EXPECT_TRUE(speaks_of(record(3, 1, 1, octets(sha256)), certificate, key));
  EXPECT_FALSE(speaks_of(record(3, 0, 1, octets(sha256)), certificate, key));
  EXPECT_TRUE(speaks_of(record(2, 0, 2, octets(sha512)), certificate, key));
  EXPECT_FALSE(speaks_of(record(2, 1, 2, octets(sha512)), certificate, key));
  EXPECT_TRUE(speaks_of(record(3, 1, 0, key), certificate, key));
  EXPECT_FALSE(speaks_of(record(3, 0, 0, key), certificate, key));
  EXPECT_FALSE(speaks_of(record(1, 1, 0, key), certificate, key)) << "not a usage of mail";
}

TEST(Dane, NamesTheRecordsOfAHost) { EXPECT_EQ(tlsa_name("mx.example", 25), "_25._tcp.mx.example"); }

} // namespace
} // namespace stagepost::route
