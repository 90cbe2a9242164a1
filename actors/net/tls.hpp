#pragma once

#include "protocols/base/bytes.hpp"

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::net {

/// A certificate chain and its key, as PEM files, and the host names it is chosen for by SNI ("*.example.org"
/// fits one label). The first of a list is the default.
struct certificate_files {
  std::vector<std::string> host_names;
  std::string chain_path;
  std::string key_path;
};

struct tls_options {
  bool allow_tls_1_2 = true;
  bool session_tickets = true;
};

/// The certificates of a server, chosen by SNI. Immutable once made: a reload makes a new one, and
/// connections keep theirs.
class tls_context {
public:
  /// Throws std::runtime_error with a sentence that names the file when something cannot be read or does not
  /// fit.
  explicit tls_context(const std::vector<certificate_files>& certificates);

  /// Must come before anybody else has it: the files are read while the process may, the settings are known
  /// later.
  void set_options(const tls_options& options);

  /// Asks clients for a certificate and remembers whether one of the authorities in this PEM file vouches for
  /// it; a client without one, or with another, comes in all the same. When set_options may; throws as the
  /// constructor does.
  void ask_for_client_certificates(const std::string& authorities_path);
  /// The e-mail addresses in the client's certificate (subjectAltName rfc822Name, RFC 5280 4.2.1.6), if it
  /// was verified.
  static std::vector<std::string> client_names(const SSL* stream);

  SSL* make_server_stream(int descriptor) const;

  /// The channel binding "tls-server-end-point" (RFC 5929 4) of the certificate a stream of ours shows; empty
  /// for other streams.
  static bytes server_end_point(const SSL* stream);

private:
  struct context_deleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using context_ptr = std::unique_ptr<SSL_CTX, context_deleter>;
  struct certificate {
    context_ptr context;
    bytes end_point; ///< hashed once: each connection asks for it
  };

  static int choose_by_name(SSL* stream, int* alert, void* self);
  const SSL_CTX* find(std::string_view host_name) const;

  std::vector<std::unique_ptr<certificate>> certificates_;
  std::map<std::string, SSL_CTX*, std::less<>> by_name_;
};

using tls_context_ptr = std::shared_ptr<const tls_context>;

} // namespace stagepost::net
