#include "protocols/mailauth/keys.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <optional>

namespace stagepost::mailauth {

namespace {

constexpr size_t ed25519_octets = 32;
constexpr size_t max_key_octets = 16 * 1024; ///< of an encoded key; RSA of 4096 bits has 3.3 KiB as PEM

using pkey = std::shared_ptr<EVP_PKEY>;
using context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using buffer = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// OpenSSL's errors stay in the thread's queue until somebody else mistakes them for his.
struct clear_errors {
  ~clear_errors() { ERR_clear_error(); }
};

const unsigned char* octets(bytes_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(bytes& text) { return reinterpret_cast<unsigned char*>(text.data()); }
pkey own(EVP_PKEY* key) { return key ? pkey(key, EVP_PKEY_free) : pkey(); }
context context_of(const pkey& key) { return {EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free}; }

/// RFC 8301 3.2, and the exponent that decides what a verification costs.
std::optional<key_errc> refuse_rsa(const pkey& key) {
  const auto bits = EVP_PKEY_get_bits(key.get());
  if (bits < int(min_rsa_bits)) return key_errc::too_weak;
  if (bits > int(max_rsa_bits)) return key_errc::too_large;
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return key_errc::malformed;
  const auto exponent_bits = BN_num_bits(exponent);
  BN_free(exponent);
  if (exponent_bits > int(max_rsa_exponent_bits)) return key_errc::too_large;
  return std::nullopt;
}

pkey read_public_rsa(bytes_view der) {
  const auto* at = octets(der);
  auto key = own(d2i_PUBKEY(nullptr, &at, long(der.size())));
  if (!key) {
    at = octets(der);
    key = own(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, long(der.size())));
  }
  const bool whole = at == octets(der) + der.size();
  return key && whole && EVP_PKEY_is_a(key.get(), "RSA") ? key : pkey();
}

} // namespace

std::string_view to_string(key_type type) { return type == key_type::rsa ? "rsa" : "ed25519"; }

std::string_view to_string(key_errc code) {
  switch (code) {
  case key_errc::malformed: return "malformed key";
  case key_errc::too_weak: return "RSA key of less than 1024 bits";
  case key_errc::too_large: return "RSA key too large";
  case key_errc::failed: return "key operation failed";
  }
  return "unknown error";
}

key_result<public_key> public_key::read(key_type type, bytes_view text) {
  const clear_errors at_end;
  if (text.empty() || text.size() > max_key_octets) return key_errc::malformed;
  if (type == key_type::ed25519) {
    if (text.size() != ed25519_octets) return key_errc::malformed;
    auto key = own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(text), text.size()));
    if (!key) return key_errc::malformed;
    return public_key(type, std::move(key));
  }
  auto key = read_public_rsa(text);
  if (!key) return key_errc::malformed;
  if (const auto refused = refuse_rsa(key)) return *refused;
  return public_key(type, std::move(key));
}

unsigned public_key::bits() const { return unsigned(EVP_PKEY_get_bits(key_.get())); }

bool public_key::verify(bytes_view digest, bytes_view signature) const {
  const clear_errors at_end;
  if (type_ == key_type::ed25519) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> run(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return run && EVP_DigestVerifyInit(run.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(run.get(), octets(signature), signature.size(), octets(digest), digest.size()) ==
               1;
  }
  const auto run = context_of(key_);
  return run && EVP_PKEY_verify_init(run.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(run.get(), RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(run.get(), EVP_sha256()) == 1 &&
         EVP_PKEY_verify(run.get(), octets(signature), signature.size(), octets(digest), digest.size()) == 1;
}

key_result<private_key> private_key::generate(key_type type) {
  const clear_errors at_end;
  auto key = type == key_type::rsa ? own(EVP_RSA_gen(new_rsa_bits))
                                   : own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return key_errc::failed;
  return private_key(type, std::move(key));
}

key_result<private_key> private_key::from_pem(bytes_view pem) {
  const clear_errors at_end;
  if (pem.size() > max_key_octets) return key_errc::malformed;
  const buffer in(BIO_new_mem_buf(pem.data(), int(pem.size())), BIO_free);
  // Without a call-back OpenSSL would ask the terminal for the pass phrase of an encrypted key.
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  auto key = in ? own(PEM_read_bio_PrivateKey(in.get(), nullptr, no_phrase, nullptr)) : pkey();
  if (!key) return key_errc::malformed;
  if (EVP_PKEY_is_a(key.get(), "ED25519")) return private_key(key_type::ed25519, std::move(key));
  if (!EVP_PKEY_is_a(key.get(), "RSA")) return key_errc::malformed;
  if (const auto refused = refuse_rsa(key)) return *refused;
  return private_key(key_type::rsa, std::move(key));
}

key_result<private_key> private_key::from_ed25519_seed(bytes_view seed) {
  const clear_errors at_end;
  if (seed.size() != ed25519_octets) return key_errc::malformed;
  auto key = own(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(seed), seed.size()));
  if (!key) return key_errc::malformed;
  return private_key(key_type::ed25519, std::move(key));
}

bytes private_key::to_pem() const {
  const clear_errors at_end;
  const buffer out(BIO_new(BIO_s_mem()), BIO_free);
  if (!out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return {};
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return bytes(text, size_t(size));
}

bytes private_key::public_octets() const {
  const clear_errors at_end;
  if (type_ == key_type::ed25519) {
    bytes out(ed25519_octets, '\0');
    size_t size = out.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), octets(out), &size) != 1) return {};
    return out;
  }
  unsigned char* der = nullptr;
  const auto size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) return {};
  bytes out(reinterpret_cast<char*>(der), size_t(size));
  OPENSSL_free(der);
  return out;
}

size_t private_key::signature_octets() const { return size_t(EVP_PKEY_get_size(key_.get())); }

key_result<bytes> private_key::sign(bytes_view digest) const {
  const clear_errors at_end;
  bytes out(signature_octets(), '\0');
  size_t size = out.size();
  if (type_ == key_type::ed25519) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> run(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!run || EVP_DigestSignInit(run.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(run.get(), octets(out), &size, octets(digest), digest.size()) != 1)
      return key_errc::failed;
  } else {
    const auto run = context_of(key_);
    if (!run || EVP_PKEY_sign_init(run.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(run.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(run.get(), EVP_sha256()) != 1 ||
        EVP_PKEY_sign(run.get(), octets(out), &size, octets(digest), digest.size()) != 1)
      return key_errc::failed;
  }
  out.resize(size);
  return out;
}

} // namespace stagepost::mailauth
