#include "actors/net/stream.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace stagepost::net {

stream::stream(net::socket s) : socket_(std::move(s)) { prepare(); }

void stream::prepare() {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  const int on = 1; // fails on local sockets, which need it not
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

stream::~stream() { SSL_free(tls_); }

bool stream::start_tls(tls_context_ptr context) {
  tls_ = context ? context->make_server_stream(int(socket_.native_handle())) : nullptr;
  context_ = std::move(context);
  return tls_ != nullptr;
}

bool stream::start_tls(client_tls_ptr context, const server_identity& who) {
  tls_ = context ? context->make_stream(int(socket_.native_handle()), who) : nullptr;
  context_ = std::move(context);
  return tls_ != nullptr;
}

void stream::renew(net::socket s) {
  SSL_free(tls_);
  tls_ = nullptr;
  context_.reset();
  socket_ = std::move(s);
  prepare();
}

int stream::handshake() {
  const int result = SSL_do_handshake(tls_);
  return result == 1 ? 1 : tls_result(result);
}

int stream::read(char* into, size_t size) {
  if (tls_ != nullptr) return tls_result(SSL_read(tls_, into, int(size)));
  const auto count = ::recv(socket_.native_handle(), into, size, 0);
  if (count >= 0) return int(count);
  return errno == EAGAIN || errno == EINTR ? want_read : failed;
}

int stream::write(const char* from, size_t size) {
  if (tls_ != nullptr) return tls_result(SSL_write(tls_, from, int(std::min<size_t>(size, 1 << 20))));
  const auto count = ::send(socket_.native_handle(), from, size, MSG_NOSIGNAL);
  if (count >= 0) return int(count);
  return errno == EAGAIN || errno == EINTR ? want_write : failed;
}

void stream::shut_down() {
  if (tls_ != nullptr && SSL_is_init_finished(tls_)) {
    SSL_shutdown(tls_);
    ERR_clear_error();
  }
}

int stream::tls_result(int result) {
  if (result > 0) return result;
  const int why = SSL_get_error(tls_, result);
  ERR_clear_error(); // the queue is the thread's: what stays there would be read as the next connection's
  switch (why) {
  case SSL_ERROR_WANT_READ: return want_read;
  case SSL_ERROR_WANT_WRITE: return want_write;
  case SSL_ERROR_ZERO_RETURN: return closed;
  default: return failed;
  }
}

std::string stream::tls_version() const { return tls_ != nullptr ? SSL_get_version(tls_) : ""; }

std::string stream::tls_cipher() const { return tls_ != nullptr ? SSL_get_cipher_name(tls_) : ""; }

bytes stream::tls_exporter() const {
  // RFC 9266 4.2: safe in TLS 1.3, and in 1.2 only with the extended master secret.
  if (tls_ == nullptr || (SSL_version(tls_) < TLS1_3_VERSION && SSL_get_extms_support(tls_) != 1)) return {};
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  unsigned char out[32];
  const unsigned char no_context = 0;
  if (SSL_export_keying_material(tls_, out, sizeof out, label.data(), label.size(), &no_context, 0, 1) != 1) {
    ERR_clear_error();
    return {};
  }
  return bytes(reinterpret_cast<const char*>(out), sizeof out);
}

bytes stream::tls_server_end_point() const {
  const X509* certificate = tls_ != nullptr ? SSL_get_certificate(tls_) : nullptr;
  if (certificate == nullptr) return {};
  // RFC 5929 4.1: the hash of the signature; MD5 and SHA-1 are replaced by SHA-256.
  int digest_id = NID_undef;
  OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest_id, nullptr);
  const EVP_MD* digest = EVP_get_digestbynid(digest_id);
  if (digest == nullptr || digest_id == NID_md5 || digest_id == NID_sha1) digest = EVP_sha256();
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(certificate, digest, out, &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return bytes(reinterpret_cast<const char*>(out), size);
}

} // namespace stagepost::net
