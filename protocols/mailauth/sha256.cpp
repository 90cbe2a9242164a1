#include "protocols/mailauth/sha256.hpp"

#include <new>
#include <openssl/evp.h>
#include <utility>

namespace stagepost::mailauth {

namespace {

// OpenSSL's own SHA-256 fails for want of memory only.
void require(bool done) {
  if (!done) throw std::bad_alloc();
}

} // namespace

void sha256::free_context::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

sha256::sha256() : context_(EVP_MD_CTX_new()) {
  require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

sha256::sha256(const sha256& other) : context_(EVP_MD_CTX_new()) {
  require(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1);
}

sha256::sha256(sha256&&) noexcept = default;

sha256& sha256::operator=(sha256 other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

sha256::~sha256() = default;

void sha256::add(bytes_view octets) {
  require(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1);
}

bytes sha256::finish() {
  bytes out(sha256_octets, '\0');
  require(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1);
  return out;
}

} // namespace stagepost::mailauth
