#include "actors/net/dane.hpp"

#include "protocols/route/dane.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <memory>

namespace stagepost::net {
namespace {

template <class T, void (*Free)(T*)>
struct freed {
  void operator()(T* what) const { Free(what); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY, EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509, X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed<SSL_CTX, SSL_CTX_free>>;
using stream_ptr = std::unique_ptr<SSL, freed<SSL, SSL_free>>;

struct identity {
  key_ptr key{EVP_EC_gen("P-256")};
  certificate_ptr certificate{X509_new()};
};

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  auto* made = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
  X509_add_ext(to, made, -1);
  X509_EXTENSION_free(made);
}

/// A certificate for the name; without an issuer it is an authority that signs itself.
identity make(const std::string& name, const identity* issuer, long valid_seconds = 3600) {
  identity made;
  auto* x = made.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -7200);
  X509_gmtime_adj(X509_getm_notAfter(x), valid_seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  auto* signer = issuer ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  X509_set_pubkey(x, made.key.get());
  if (issuer)
    add_extension(x, signer, NID_subject_alt_name, "DNS:" + name);
  else
    add_extension(x, signer, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(x, (issuer ? issuer->key : made.key).get(), EVP_sha256());
  return made;
}

bytes der(X509* what) {
  bytes out(size_t(i2d_X509(what, nullptr)), '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  i2d_X509(what, &into);
  return out;
}

bytes public_key_der(X509* what) {
  unsigned char* made = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(what), &made);
  const bytes out(reinterpret_cast<char*>(made), size_t(size));
  OPENSSL_free(made);
  return out;
}

class Dane : public ::testing::Test {
protected:
  /// Shakes hands with a server that shows `leaf` and the authority; the record that matched.
  std::string match(const identity& leaf, const std::vector<std::string>& names,
                    const std::vector<dns::tlsa_record>& records) {
    const context_ptr server(SSL_CTX_new(TLS_server_method())), client(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_use_certificate(server.get(), leaf.certificate.get());
    SSL_CTX_use_PrivateKey(server.get(), leaf.key.get());
    SSL_CTX_add1_chain_cert(server.get(), authority_.certificate.get());
    EXPECT_TRUE(allow_dane(client.get()));
    const stream_ptr theirs(SSL_new(server.get())), ours(SSL_new(client.get()));
    BIO *near = nullptr, *far = nullptr;
    BIO_new_bio_pair(&near, 0, &far, 0);
    SSL_set_bio(ours.get(), near, near);
    SSL_set_bio(theirs.get(), far, far);
    SSL_set_connect_state(ours.get());
    SSL_set_accept_state(theirs.get());
    demanded_ = demand_dane(ours.get(), names, records);
    shook_hands_ = false;
    for (int i = 0; i < 20 && !shook_hands_; ++i) {
      const int one = SSL_do_handshake(ours.get()), other = SSL_do_handshake(theirs.get());
      shook_hands_ = one == 1 && other == 1;
    }
    ERR_clear_error();
    const char* asked = SSL_get_servername(theirs.get(), TLSEXT_NAMETYPE_host_name);
    sni_ = asked ? asked : "";
    return dane_match(ours.get());
  }

  identity authority_ = make("an authority", nullptr);
  identity leaf_ = make("mail.example", &authority_);
  bool demanded_ = false;
  bool shook_hands_ = false;
  std::string sni_;
};

TEST_F(Dane, ACertificateThatIsPinnedPasses) {
  const auto key = public_key_der(leaf_.certificate.get());
  EXPECT_EQ(match(leaf_, {"mail.example"}, {{3, 1, 0, key}}), "3 1 0, the certificate's own");
  EXPECT_TRUE(shook_hands_);
  EXPECT_EQ(sni_, "mail.example");
  EXPECT_TRUE(route::speaks_of({3, 1, 0, key}, der(leaf_.certificate.get()), key));
  // Of several records one is enough.
  EXPECT_EQ(
      match(leaf_, {"mail.example"}, {{3, 1, 1, bytes(32, 'x')}, {3, 0, 0, der(leaf_.certificate.get())}}),
      "3 0 0, the certificate's own");
}

TEST_F(Dane, AnotherCertificateEndsTheHandshake) {
  EXPECT_EQ(match(leaf_, {"mail.example"}, {{3, 1, 1, bytes(32, 'x')}}), "");
  EXPECT_TRUE(demanded_);
  EXPECT_FALSE(shook_hands_);
}

// RFC 7672 3.1.1
TEST_F(Dane, APinnedCertificateNeedsNeitherTheNameNorTheDates) {
  const auto old = make("other.example", &authority_, -3600);
  EXPECT_EQ(match(old, {"mail.example"}, {{3, 1, 0, public_key_der(old.certificate.get())}}),
            "3 1 0, the certificate's own");
  EXPECT_TRUE(shook_hands_);
}

// RFC 7672 3.1.2, 3.2.2
TEST_F(Dane, BelowAPinnedAuthorityNameAndDatesCount) {
  const std::vector<dns::tlsa_record> pinned{{2, 0, 0, der(authority_.certificate.get())}};
  EXPECT_EQ(match(leaf_, {"mail.example"}, pinned), "2 0 0, 1 above the certificate");
  EXPECT_EQ(match(leaf_, {"other.example", "mail.example"}, pinned), "2 0 0, 1 above the certificate");
  EXPECT_EQ(match(leaf_, {"other.example"}, pinned), "");
  EXPECT_FALSE(shook_hands_);
  const auto old = make("mail.example", &authority_, -3600);
  EXPECT_EQ(match(old, {"mail.example"}, pinned), "");
  EXPECT_FALSE(shook_hands_);
}

TEST_F(Dane, SaysWhenNoRecordCanBeUsed) {
  match(leaf_, {"mail.example"}, {{3, 1, 1, "short"}, {3, 9, 1, bytes(32, 'x')}});
  EXPECT_FALSE(demanded_);
  match(leaf_, {"mail.example"}, {});
  EXPECT_FALSE(demanded_);
  match(leaf_, {}, {{3, 1, 1, bytes(32, 'x')}});
  EXPECT_FALSE(demanded_);
}

} // namespace
} // namespace stagepost::net
