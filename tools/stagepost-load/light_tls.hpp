#pragma once

#include "light_tls_keys.hpp"

#include <optional>
#include <random>
#include <stdexcept>

namespace stagepost::load {

/// The server said something light_tls cannot go on from, or sent an alert.
struct tls_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The groups a key share may be of, by their numbers on the wire (RFC 8446 4.2.7).
enum class light_group : uint16_t { x25519 = 0x001d, p256 = 0x0017 };

/// The client's half of a TLS 1.3 handshake (RFC 8446) that costs next to nothing, so that a server is
/// measured and not the client beside it on the same processors. For that alone: nothing it sends or receives
/// is secret. Its own secret is the number one, and it looks at neither the server's certificate nor its
/// signature, as line_connection does not. The Finished of the server is checked: who makes that has done all
/// its work. It knows one group, one cipher suite (TLS_AES_128_GCM_SHA256) and no HelloRetryRequest, offers
/// tickets as clients do and uses none.
///
/// Octets in, octets out: the caller has the socket. One object serves many connections, one after the other.
class light_tls {
public:
  /// Asks for `server_name` (RFC 6066 3) unless it is empty.
  light_tls(light_group group, bytes_view server_name);

  /// Forgets the last connection and gives what is sent first. Both this and what `feed` gives are valid
  /// until the next call.
  bytes_view begin(std::mt19937_64& random);
  /// Takes what the server sent, however cut, and gives what is sent in return, which is mostly nothing.
  /// Throws tls_failure.
  bytes_view feed(bytes_view in);
  /// All that the server said inside TLS so far: at most text_limit octets.
  const bytes& text() const { return text_; }

private:
  static constexpr size_t text_limit = 16 * 1024;

  // What the server must send next, in this order (RFC 8446 2).
  enum class step : uint8_t {
    server_hello,
    encrypted_extensions,
    certificate,
    certificate_verify,
    finished,
    open
  };

  void on_record(char* record, size_t size);
  void on_content(uint8_t type, bytes_view content);
  void on_handshake(bytes_view content);
  void on_message(bytes_view message);
  void on_server_hello(bytes_view body);
  void on_finished(bytes_view message);
  bytes_view secret_shared_with(bytes_view key_share) const;
  void make_handshake_keys(bytes_view shared_secret);

  light_group group_;
  bytes hello_;
  step step_ = step::server_hello;
  bytes pending_;  // less than a record
  bytes messages_; // less than a handshake message
  running_sha256 transcript_;
  // Made anew for each connection.
  sha256_value master_secret_;
  std::optional<keyed_sha256> server_traffic_;
  std::optional<keyed_sha256> client_traffic_;
  record_cipher reader_;
  record_cipher writer_;
  bytes answer_;
  bytes text_;
};

} // namespace stagepost::load
