#pragma once

#include "actors/net/client_tls.hpp"
#include "actors/net/deflate.hpp"
#include "actors/net/tls.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace stagepost::net {

using socket = boost::asio::generic::stream_protocol::socket;

/// A byte stream on a non-blocking descriptor, TCP or local, plain or TLS. Driven by readiness: it holds no
/// buffer, so an idle connection costs none, and a compressed one what it must remember (deflate.hpp). Not to
/// be used after the descriptor was closed.
class stream {
public:
  /// What read and write answer beside a count.
  enum : int { closed = 0, want_read = -1, want_write = -2, failed = -3 };

  explicit stream(net::socket s);
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  /// From here on TLS; the handshake happens in read and write. `context` must outlive the stream.
  bool start_tls(tls_context_ptr context);
  /// The same from the side of the client.
  bool start_tls(client_tls_ptr context, const server_identity& who);
  /// Another line in the place of this one, which is closed.
  void renew(net::socket s);
  /// Runs the handshake on: 1 when done, else want_read, want_write, failed.
  int handshake();
  /// From here on both directions are deflated, inside TLS where there is TLS (RFC 4978). Before the next
  /// read or write.
  void start_compression() { inflater_ = std::make_unique<inflater>(); }
  bool is_compressed() const { return inflater_ != nullptr; }
  /// Gives back the memory that only serves while octets come in.
  void rest();
  int read(char* into, size_t size);
  /// The octets as they are: who compresses packs them before (deflater::pack), since a part that was written
  /// cannot be packed anew.
  int write(const char* from, size_t size);
  /// Says good-bye on TLS (one try, never waits).
  void shut_down();

  bool is_secure() const { return tls_ != nullptr; }
  /// TLS has taken octets from the socket that were not read yet: the socket will not become readable for
  /// them.
  bool holds_input() const {
    return (inflater_ && inflater_->has_more()) || (tls_ != nullptr && SSL_has_pending(tls_) == 1);
  }
  std::string tls_version() const;
  std::string tls_cipher() const;
  /// The TLSA record that the peer's certificate matched (dane.hpp); empty where none was asked for.
  std::string tls_proof() const;
  /// What was wrong with the peer's certificate, a number of OpenSSL's (X509_V_…) and its sentence; X509_V_OK
  /// and empty where nothing was, or nothing was looked at.
  long tls_verdict() const;
  std::string tls_problem() const;
  /// RFC 9266 and RFC 5929 4, for SCRAM's channel binding; empty where the line has none.
  bytes tls_exporter() const;
  bytes tls_server_end_point() const;
  /// As tls_context::client_names; none of a plain stream.
  std::vector<std::string> client_names() const;

  net::socket& socket() { return socket_; }

private:
  void prepare();
  int read_packed(char* into, size_t size);
  int read_line(char* into, size_t size);
  int tls_result(int result);

  net::socket socket_;
  std::shared_ptr<const void> context_;
  SSL* tls_ = nullptr;
  std::unique_ptr<inflater> inflater_;
};

} // namespace stagepost::net
