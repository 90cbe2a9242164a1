#pragma once

#include "protocols/base/bytes.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <memory>

namespace stagepost::load {

struct sha256_value {
  std::array<char, SHA256_DIGEST_LENGTH> octets{};

  operator bytes_view() const { return {octets.data(), octets.size()}; }
};

/// SHA-256 of all that was added so far.
class running_sha256 {
public:
  running_sha256();
  void add(bytes_view text);
  sha256_value value() const;

private:
  SHA256_CTX state_;
};

/// HMAC-SHA256 under one key of at most 64 octets, and what HKDF makes of it.
class keyed_sha256 {
public:
  explicit keyed_sha256(bytes_view key);
  sha256_value of(bytes_view text) const;
  /// HKDF-Expand-Label of RFC 8446 7.1, for at most 32 octets.
  bytes expand(bytes_view label, bytes_view context, size_t size) const;
  /// The same for a whole secret.
  sha256_value secret(bytes_view label, bytes_view context) const;

private:
  running_sha256 inner_;
  running_sha256 outer_;
};

/// Protects the records of one direction with AES-128-GCM (RFC 8446 5.2). Made once and given new keys for
/// each connection: OpenSSL takes longer to find the cipher than to use it.
class record_cipher {
public:
  static constexpr size_t header_size = 5;
  static constexpr size_t tag_size = 16;

  record_cipher();
  /// Takes the keys of `traffic_secret` and counts records from 0.
  void use(const keyed_sha256& traffic_secret);
  /// Decrypts `record`, its header included, in place and gives the part that is text. False when it was not
  /// made with these keys.
  bool open(char* record, size_t size, bytes_view& text);
  /// The whole record of `text`.
  bytes seal(bytes text);

private:
  void begin_record(bytes_view header, bool encrypts);

  std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context_;
  bytes start_;
  uint64_t records_ = 0;
};

} // namespace stagepost::load
