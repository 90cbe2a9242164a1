#include "actors/net/client_tls.hpp"

#include "actors/net/dane.hpp"
#include "protocols/base/text.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace stagepost::net {

client_tls::client_tls() : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) throw std::runtime_error("OpenSSL: no client context");
  SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // RFC 8996: nothing older. Mail that may go in the clear as well is not served by an old TLS either.
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context_.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_verify_paths(context_.get());
  allow_dane(context_.get()); // without it every stream that needs it is refused
  ERR_clear_error();          // a machine without authorities can still encrypt
}

namespace {

/// RFC 6066 3: a name, never an address.
bool is_host_name(const std::string& name) {
  return !name.empty() && is_ascii(name) && name.find(':') == name.npos && !is_ascii_digit(name.back());
}

bool ask_for_name(SSL* stream, const server_identity& who) {
  SSL_set_verify(stream, SSL_VERIFY_PEER, nullptr);
  SSL_set_hostflags(stream, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!is_host_name(who.name))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream), who.name.c_str()) == 1;
  if (SSL_set1_host(stream, who.name.c_str()) != 1) return false;
  for (const auto& each : who.more_names)
    if (SSL_add1_host(stream, each.c_str()) != 1) return false;
  return true;
}

bool ask_for_pins(SSL* stream, const server_identity& who) {
  std::vector<std::string> names{who.name};
  names.insert(names.end(), who.more_names.begin(), who.more_names.end());
  return demand_dane(stream, names, who.pins);
}

} // namespace

SSL* client_tls::make_stream(int descriptor, const server_identity& who) const {
  SSL* stream = SSL_new(context_.get());
  if (stream == nullptr) return nullptr;
  SSL_set_fd(stream, descriptor);
  SSL_set_connect_state(stream);
  bool asked = true;
  if (!who.pins.empty())
    asked = ask_for_pins(stream, who); // the name goes into SNI by itself
  else if (is_host_name(who.name))
    SSL_set_tlsext_host_name(stream, who.name.c_str());
  if (who.pins.empty() && who.verify) asked = ask_for_name(stream, who);
  if (who.pins.empty() && !who.verify && who.observe) {
    ask_for_name(stream, who);
    SSL_set_verify(stream, SSL_VERIFY_NONE, nullptr); // looks all the same, and stops nothing
  }
  ERR_clear_error();
  if (asked) return stream;
  SSL_free(stream); // what cannot be compared must not pass for proven
  return nullptr;
}

} // namespace stagepost::net
