#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

struct evp_pkey_st;

namespace stagepost::mailauth {

/// What signs: RSA with PKCS#1 1.5 (RFC 6376 3.3.1), or Ed25519 over the SHA-256 digest (RFC 8463 3).
enum class key_type : uint8_t { rsa, ed25519 };

/// "rsa" and "ed25519", as k= and the front of a= have them.
std::string_view to_string(key_type type);

// RFC 8301 3.2: signers 1024 at least and 2048 advised, verifiers 1024 to 4096. More would let a stranger's
// record decide how long we compute.
inline constexpr unsigned min_rsa_bits = 1024;
inline constexpr unsigned max_rsa_bits = 4096;
inline constexpr unsigned new_rsa_bits = 2048;
inline constexpr unsigned max_rsa_exponent_bits = 64;

/// Why octets are not a key we use. From 1: code 0 is "no error".
enum class key_errc : uint8_t {
  malformed = 1, ///< not the encoding of a key of that type
  too_weak,      ///< RSA of less than min_rsa_bits (RFC 8301 3.2)
  too_large,     ///< RSA of more than max_rsa_bits, or with an absurd exponent
  failed,        ///< the library could not do it
};

std::string_view to_string(key_errc code);

template <class T>
using key_result = basic_result<T, key_errc>;

/// The public half. Copies share it; may be used by several threads.
class public_key {
public:
  /// What p= of a key record holds: for RSA the DER of a SubjectPublicKeyInfo or, as RFC 6376 3.6.1 also has
  /// it, of an RSAPublicKey; for Ed25519 the 32 octets (RFC 8463 4.2).
  static key_result<public_key> read(key_type type, bytes_view octets);

  key_type type() const { return type_; }
  unsigned bits() const;
  /// Whether `signature` was made over this SHA-256 digest.
  bool verify(bytes_view digest, bytes_view signature) const;

private:
  public_key(key_type type, std::shared_ptr<evp_pkey_st> key) : type_(type), key_(std::move(key)) {}

  key_type type_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// The private half. Copies share it; may be used by several threads.
class private_key {
public:
  /// Makes a new one: RSA of 2048 bits takes a tenth of a second or more, so not on a thread that serves
  /// others. Its randomness is OpenSSL's.
  static key_result<private_key> generate(key_type type);
  /// PKCS#8, or PKCS#1 for RSA; not encrypted.
  static key_result<private_key> from_pem(bytes_view pem);
  /// The 32 octets of RFC 8032 5.1.5.
  static key_result<private_key> from_ed25519_seed(bytes_view seed);

  key_type type() const { return type_; }
  /// PKCS#8, not encrypted.
  bytes to_pem() const;
  /// What p= of the key record has, before base64: SubjectPublicKeyInfo of RSA, the 32 octets of Ed25519.
  bytes public_octets() const;
  /// How long its signatures are.
  size_t signature_octets() const;
  key_result<bytes> sign(bytes_view digest) const;

private:
  private_key(key_type type, std::shared_ptr<evp_pkey_st> key) : type_(type), key_(std::move(key)) {}

  key_type type_;
  std::shared_ptr<evp_pkey_st> key_;
};

} // namespace stagepost::mailauth
