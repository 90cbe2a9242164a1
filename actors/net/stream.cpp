#include "actors/net/stream.hpp"

#include "actors/net/dane.hpp"
#include "actors/net/tls.hpp"

#include <openssl/err.h>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace stagepost::net {

namespace {

constexpr size_t packed_at_once = 8 * 1024;
/// Input that says nothing for so long is meant to keep us busy.
constexpr int most_rounds = 16;

} // namespace

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
  inflater_.reset();
  socket_ = std::move(s);
  prepare();
}

int stream::handshake() {
  const int result = SSL_do_handshake(tls_);
  return result == 1 ? 1 : tls_result(result);
}

int stream::read(char* into, size_t size) {
  return inflater_ ? read_packed(into, size) : read_line(into, size);
}

int stream::read_packed(char* into, size_t size) {
  // What comes in at once is bounded here, what goes out by `size`: a text that inflates to a thousandfold is
  // handed out in as many reads, and others have their turn between them.
  char packed[packed_at_once];
  for (int rounds = 0; rounds < most_rounds; ++rounds) {
    if (inflater_->has_more()) {
      const int count = inflater_->take(into, size);
      if (count != 0) return count < 0 ? int(failed) : count;
    }
    const int count = read_line(packed, sizeof packed);
    if (count <= 0) return count;
    inflater_->feed({packed, size_t(count)});
  }
  return failed;
}

void stream::rest() {
  if (inflater_) inflater_->park();
}

int stream::read_line(char* into, size_t size) {
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

long stream::tls_verdict() const { return tls_ == nullptr ? X509_V_OK : SSL_get_verify_result(tls_); }

std::string stream::tls_problem() const {
  const auto verdict = tls_verdict();
  return verdict == X509_V_OK ? std::string{} : X509_verify_cert_error_string(verdict);
}

std::string stream::tls_proof() const { return tls_ != nullptr ? dane_match(tls_) : ""; }

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
  return tls_ != nullptr ? tls_context::server_end_point(tls_) : bytes{};
}

std::vector<std::string> stream::client_names() const {
  return tls_ != nullptr ? tls_context::client_names(tls_) : std::vector<std::string>{};
}

} // namespace stagepost::net
