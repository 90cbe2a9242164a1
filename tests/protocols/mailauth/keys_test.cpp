#include "protocols/mailauth/keys.hpp"

#include "protocols/mailauth/sha256.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace stagepost::mailauth {
namespace {

bytes digest_of(bytes_view text) {
  sha256 hash;
  hash.add(text);
  return hash.finish();
}

/// The p= octets of an RSA key of any size.
bytes rsa_of(unsigned bits) {
  EVP_PKEY* key = EVP_RSA_gen(bits);
  unsigned char* der = nullptr;
  const auto size = i2d_PUBKEY(key, &der);
  bytes out(reinterpret_cast<char*>(der), size_t(size));
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  return out;
}

TEST(Keys, SignWhatTheirOtherHalfVerifies) {
  for (const auto& key : {dkim::rsa_key(), dkim::ed25519_key()}) {
    const auto value = key.sign(digest_of("hello"));
    ASSERT_TRUE(value);
    EXPECT_EQ(value->size(), key.signature_octets());
    const auto other = public_key::read(key.type(), key.public_octets());
    ASSERT_TRUE(other);
    EXPECT_TRUE(other->verify(digest_of("hello"), *value));
    EXPECT_FALSE(other->verify(digest_of("hellO"), *value));
    EXPECT_FALSE(other->verify(digest_of("hello"), value->substr(1)));
  }
  EXPECT_EQ(public_key::read(key_type::rsa, dkim::rsa_key().public_octets())->bits(), new_rsa_bits);
}

TEST(Keys, AreTheSameAfterPem) {
  for (const auto& key : {dkim::rsa_key(), dkim::ed25519_key()}) {
    const auto again = private_key::from_pem(key.to_pem());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->type(), key.type());
    EXPECT_EQ(again->public_octets(), key.public_octets());
  }
  EXPECT_TRUE(private_key::generate(key_type::ed25519));
}

TEST(Keys, RefuseSizesOutsideTheStandard) { // RFC 8301 3.2
  EXPECT_EQ(public_key::read(key_type::rsa, rsa_of(1016)).error().code, key_errc::too_weak);
  EXPECT_TRUE(public_key::read(key_type::rsa, rsa_of(1024)));
}

TEST(Keys, RefuseWhatIsNone) {
  const auto rsa = dkim::rsa_key().public_octets();
  EXPECT_FALSE(public_key::read(key_type::rsa, ""));
  EXPECT_FALSE(public_key::read(key_type::rsa, rsa + "x"));
  EXPECT_FALSE(public_key::read(key_type::rsa, rsa.substr(1)));
  EXPECT_FALSE(public_key::read(key_type::ed25519, rsa));
  EXPECT_FALSE(public_key::read(key_type::rsa, dkim::ed25519_key().public_octets()));
  EXPECT_FALSE(public_key::read(key_type::ed25519, bytes(31, 'x')));
  EXPECT_FALSE(private_key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_FALSE(private_key::from_ed25519_seed("short"));
}

TEST(Keys, NameTheirErrors) {
  for (uint8_t code = 1; code <= uint8_t(key_errc::failed); ++code)
    EXPECT_NE(to_string(key_errc(code)), "unknown error");
}

TEST(Sha256, GoesOnFromACopy) {
  sha256 first;
  first.add("hel");
  auto second = first;
  first.add("lo");
  second.add("p");
  EXPECT_EQ(first.finish(), digest_of("hello"));
  EXPECT_EQ(second.finish(), digest_of("help"));
}

} // namespace
} // namespace stagepost::mailauth
