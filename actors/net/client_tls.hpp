#pragma once

#include "protocols/dns/answer.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::net {

/// Whom a server must prove to be.
struct server_identity {
  std::string name;    ///< goes into SNI
  bool verify = false; ///< the certificate must be valid for the name, by the authorities the machine trusts
  /// What it proves by the same is found out (stream::tls_verdict), and the handshake goes on whatever that
  /// is.
  bool observe = false;
  std::vector<dns::tlsa_record> pins;  ///< one of them must match instead: DANE (dane.hpp)
  std::vector<std::string> more_names; ///< the certificate may be for one of these as well
};

/// TLS towards servers. Immutable once made.
class client_tls {
public:
  /// With the certificate authorities the machine trusts. Throws std::runtime_error when OpenSSL cannot.
  client_tls();

  /// The handshake fails unless the server proves what is asked. Null when that cannot be asked.
  SSL* make_stream(int descriptor, const server_identity& who) const;

private:
  struct context_deleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, context_deleter> context_;
};

using client_tls_ptr = std::shared_ptr<const client_tls>;

} // namespace stagepost::net
