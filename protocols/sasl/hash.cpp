#include "protocols/sasl/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace stagepost::sasl {

namespace {

const EVP_MD* algorithm(scram_hash hash) { return hash == scram_hash::sha_1 ? EVP_sha1() : EVP_sha256(); }
const unsigned char* octets(bytes_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(bytes& text) { return reinterpret_cast<unsigned char*>(text.data()); }

} // namespace

size_t digest_size(scram_hash hash) { return hash == scram_hash::sha_1 ? 20 : 32; }

bytes digest(scram_hash hash, bytes_view text) {
  bytes out(digest_size(hash), '\0');
  EVP_Digest(text.data(), text.size(), octets(out), nullptr, algorithm(hash), nullptr);
  return out;
}

bytes hmac(scram_hash hash, bytes_view key, bytes_view text) {
  bytes out(digest_size(hash), '\0');
  // A null key would mean "the key of the last call" to OpenSSL.
  HMAC(algorithm(hash), key.empty() ? "" : key.data(), int(key.size()), octets(text), text.size(),
       octets(out), nullptr);
  return out;
}

bytes stretch(scram_hash hash, bytes_view password, bytes_view salt, uint32_t iterations) {
  bytes out(digest_size(hash), '\0');
  PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), int(password.size()), octets(salt),
                    int(salt.size()), int(iterations), algorithm(hash), int(out.size()), octets(out));
  return out;
}

bool equal_in_constant_time(bytes_view a, bytes_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace stagepost::sasl
