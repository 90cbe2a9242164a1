// OpenSSL 3 deprecates the low-level MD5 calls, but only they can begin from a state: EVP has no way in.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocols/sasl/md5_state.hpp"

#include "protocols/base/text.hpp"

#include <openssl/md5.h>

namespace stagepost::sasl {

namespace {

constexpr size_t block_size = MD5_CBLOCK;

void append_little_endian(bytes& out, MD5_LONG word) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(char(uint8_t(word >> shift)));
}

MD5_LONG read_little_endian(bytes_view in) {
  MD5_LONG word = 0;
  for (int i = 3; i >= 0; --i) word = word << 8 | uint8_t(in[size_t(i)]);
  return word;
}

bytes digest(MD5_CTX& context) {
  bytes out(MD5_DIGEST_LENGTH, '\0');
  MD5_Final(reinterpret_cast<unsigned char*>(out.data()), &context);
  return out;
}

bytes state_after(bytes block, uint8_t pad) {
  block.resize(block_size, '\0');
  for (char& c : block) c = char(uint8_t(c) ^ pad);
  MD5_CTX context;
  MD5_Init(&context);
  MD5_Update(&context, block.data(), block.size());
  bytes out;
  for (const auto word : {context.A, context.B, context.C, context.D}) append_little_endian(out, word);
  return out;
}

/// A computation that has already taken one block.
MD5_CTX resume(bytes_view state) {
  MD5_CTX context;
  MD5_Init(&context);
  context.A = read_little_endian(state);
  context.B = read_little_endian(state.substr(4));
  context.C = read_little_endian(state.substr(8));
  context.D = read_little_endian(state.substr(12));
  context.Nl = block_size * 8; // bits taken so far
  return context;
}

} // namespace

bytes make_cram_md5_state(bytes_view password) {
  bytes key(password);
  if (key.size() > block_size) { // RFC 2104 2
    MD5_CTX context;
    MD5_Init(&context);
    MD5_Update(&context, key.data(), key.size());
    key = digest(context);
  }
  return state_after(key, 0x36) + state_after(key, 0x5c);
}

std::string finish_cram_md5(bytes_view state, bytes_view text) {
  auto inner = resume(state.substr(0, 16));
  MD5_Update(&inner, text.data(), text.size());
  const auto inner_digest = digest(inner);
  auto outer = resume(state.substr(16, 16));
  MD5_Update(&outer, inner_digest.data(), inner_digest.size());
  return to_hex(digest(outer));
}

} // namespace stagepost::sasl
