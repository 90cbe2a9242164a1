#include "light_tls_keys.hpp"

#include <algorithm>
#include <stdexcept>

namespace stagepost::load {
namespace {

const unsigned char* octets_of(bytes_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* octets_of(char* text) { return reinterpret_cast<unsigned char*>(text); }

void must(int done) {
  if (done <= 0) throw std::runtime_error("OpenSSL does not do AES-128-GCM");
}

const EVP_CIPHER* aes_128_gcm() {
  static const auto* cipher = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  return cipher;
}

} // namespace

// OpenSSL 3 wants digests by EVP, which costs ten times what hashing the few octets of a handshake does. A
// pragma, not OPENSSL_SUPPRESS_DEPRECATED: where several files are compiled as one, another includes OpenSSL
// first.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

running_sha256::running_sha256() { SHA256_Init(&state_); }

void running_sha256::add(bytes_view text) { SHA256_Update(&state_, text.data(), text.size()); }

sha256_value running_sha256::value() const {
  auto copy = state_;
  sha256_value value;
  SHA256_Final(octets_of(value.octets.data()), &copy);
  return value;
}

#pragma GCC diagnostic pop

// RFC 2104 2.
keyed_sha256::keyed_sha256(bytes_view key) {
  std::array<char, SHA256_CBLOCK> block{};
  std::copy_n(key.begin(), std::min(key.size(), block.size()), block.begin());
  for (auto& octet : block) octet ^= 0x36;
  inner_.add({block.data(), block.size()});
  for (auto& octet : block) octet ^= 0x36 ^ 0x5c;
  outer_.add({block.data(), block.size()});
}

sha256_value keyed_sha256::of(bytes_view text) const {
  auto inner = inner_;
  inner.add(text);
  auto outer = outer_;
  outer.add(inner.value());
  return outer.value();
}

bytes keyed_sha256::expand(bytes_view label, bytes_view context, size_t size) const {
  bytes info;
  append_big_endian(info, uint16_t(size));
  append_big_endian(info, uint8_t(6 + label.size()));
  info.append("tls13 ").append(label);
  append_big_endian(info, uint8_t(context.size()));
  info.append(context);
  info.push_back(1); // RFC 5869 2.3: the first block of the output, and here the only one
  return bytes(bytes_view(of(info)).substr(0, size));
}

sha256_value keyed_sha256::secret(bytes_view label, bytes_view context) const {
  sha256_value value;
  const auto expanded = expand(label, context, value.octets.size());
  std::copy(expanded.begin(), expanded.end(), value.octets.begin());
  return value;
}

record_cipher::record_cipher() : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
  must(EVP_CipherInit_ex(context_.get(), aes_128_gcm(), nullptr, nullptr, nullptr, 1));
}

void record_cipher::use(const keyed_sha256& traffic_secret) {
  const auto key = traffic_secret.expand("key", {}, 16);
  start_ = traffic_secret.expand("iv", {}, 12);
  records_ = 0;
  must(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, octets_of(key), nullptr, -1));
}

void record_cipher::begin_record(bytes_view header, bool encrypts) {
  // RFC 8446 5.3.
  auto nonce = start_;
  for (size_t i = 0; i < 8; ++i) nonce[nonce.size() - 1 - i] ^= char(uint8_t(records_ >> (8 * i)));
  ++records_;
  must(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, octets_of(nonce), encrypts));
  int size = 0;
  must(EVP_CipherUpdate(context_.get(), nullptr, &size, octets_of(header), int(header.size())));
}

bool record_cipher::open(char* record, size_t size, bytes_view& text) {
  if (size < header_size + tag_size) return false;
  begin_record({record, header_size}, false);
  char* sealed = record + header_size;
  char* tag = record + size - tag_size;
  int written = 0;
  int rest = 0;
  must(EVP_CipherUpdate(context_.get(), octets_of(sealed), &written, octets_of(sealed), int(tag - sealed)));
  must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, int(tag_size), tag));
  text = {sealed, size_t(written)};
  return EVP_CipherFinal_ex(context_.get(), octets_of(tag), &rest) > 0;
}

bytes record_cipher::seal(bytes text) {
  const auto text_size = text.size();
  bytes record("\x17\x03\x03", 3);
  append_big_endian(record, uint16_t(text_size + tag_size));
  begin_record(record, true);
  record.append(text).resize(header_size + text_size + tag_size);
  char* sealed = record.data() + header_size;
  int written = 0;
  int rest = 0;
  must(EVP_CipherUpdate(context_.get(), octets_of(sealed), &written, octets_of(text), int(text_size)));
  must(EVP_CipherFinal_ex(context_.get(), octets_of(sealed + text_size), &rest));
  must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, int(tag_size), sealed + text_size));
  return record;
}

} // namespace stagepost::load
