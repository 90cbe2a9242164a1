#include "actors/net/tls.hpp"

#include "protocols/base/text.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <stdexcept>

namespace stagepost::net {

namespace {

std::string last_error() {
  char text[256] = "unknown";
  if (const auto code = ERR_peek_last_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

void configure(SSL_CTX* context) {
  // An idle connection holds no buffers, and a write may go on from another address after a wait.
  // What goes with a certificate is in its file; to look for it among authorities cost each handshake anew.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Resumption is by tickets alone; a cache in our memory would grow with every client.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // All three are sound; the first needs the least time, for processors have instructions for its hash.
  SSL_CTX_set_ciphersuites(context,
                           "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  const unsigned char name[] = "stagepost";
  SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
}

/// Where a context keeps a pointer to the hash of its certificate.
int end_point_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

bytes hash_of(const X509* certificate) {
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

/// SSL_get_verify_result tells later; to refuse the handshake would shut out who has a password.
int accept_anybody(int, X509_STORE_CTX*) { return 1; }

/// No longer than an address may be (RFC 5321 4.5.3.1.3), and nothing that is none.
bool is_address(std::string_view text) {
  return text.size() <= 254 && text.find('@') != text.npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) > 0x20 && uint8_t(c) < 0x7f; });
}

constexpr size_t max_client_names = 10;

} // namespace

tls_context::tls_context(const std::vector<certificate_files>& certificates) {
  if (certificates.empty()) throw std::runtime_error("no certificate is configured");
  for (const auto& each : certificates) {
    context_ptr context(SSL_CTX_new(TLS_server_method()));
    if (!context) throw std::runtime_error("OpenSSL: " + last_error());
    configure(context.get());
    if (SSL_CTX_use_certificate_chain_file(context.get(), each.chain_path.c_str()) != 1)
      throw std::runtime_error(each.chain_path + ": cannot be used as a certificate chain: " + last_error());
    if (SSL_CTX_use_PrivateKey_file(context.get(), each.key_path.c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error(each.key_path + ": cannot be used as a private key: " + last_error());
    if (SSL_CTX_check_private_key(context.get()) != 1)
      throw std::runtime_error(each.key_path + ": is not the key of " + each.chain_path);
    for (const auto& name : each.host_names) by_name_.emplace(ascii_lower(name), context.get());
    auto end_point = hash_of(SSL_CTX_get0_certificate(context.get()));
    certificates_.push_back(
        std::make_unique<certificate>(certificate{std::move(context), std::move(end_point)}));
    auto& made = *certificates_.back();
    SSL_CTX_set_ex_data(made.context.get(), end_point_slot(), &made.end_point);
  }
  auto* const first = certificates_.front()->context.get();
  SSL_CTX_set_tlsext_servername_callback(first, &tls_context::choose_by_name);
  SSL_CTX_set_tlsext_servername_arg(first, this);
}

void tls_context::set_options(const tls_options& options) {
  for (const auto& each : certificates_) {
    auto* const context = each->context.get();
    SSL_CTX_set_min_proto_version(context, options.allow_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (!options.session_tickets) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, options.session_tickets ? 1 : 0);
  }
}

void tls_context::ask_for_client_certificates(const std::string& authorities_path) {
  for (const auto& each : certificates_) {
    auto* const context = each->context.get();
    if (SSL_CTX_load_verify_locations(context, authorities_path.c_str(), nullptr) != 1)
      throw std::runtime_error(authorities_path +
                               ": cannot be used as certificates of authorities: " + last_error());
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(authorities_path.c_str()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_anybody);
  }
}

std::vector<std::string> tls_context::client_names(const SSL* stream) {
  std::vector<std::string> names;
  const X509* shown = SSL_get0_peer_certificate(stream);
  if (shown == nullptr || SSL_get_verify_result(stream) != X509_V_OK) return names;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(shown, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()) && names.size() < max_client_names; ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(all.get(), i);
    if (each->type != GEN_EMAIL) continue;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.rfc822Name)),
                                size_t(ASN1_STRING_length(each->d.rfc822Name)));
    if (is_address(text)) names.emplace_back(text);
  }
  return names;
}

SSL* tls_context::make_server_stream(int descriptor) const {
  SSL* stream = SSL_new(certificates_.front()->context.get());
  if (stream == nullptr) return nullptr;
  SSL_set_fd(stream, descriptor);
  SSL_set_accept_state(stream);
  return stream;
}

bytes tls_context::server_end_point(const SSL* stream) {
  const auto* hash =
      static_cast<const bytes*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(stream), end_point_slot()));
  return hash != nullptr ? *hash : bytes{};
}

int tls_context::choose_by_name(SSL* stream, int*, void* self) {
  const char* name = SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (const auto* context = static_cast<const tls_context*>(self)->find(name))
    SSL_set_SSL_CTX(stream, const_cast<SSL_CTX*>(context));
  return SSL_TLSEXT_ERR_OK;
}

const SSL_CTX* tls_context::find(std::string_view host_name) const {
  const auto name = ascii_lower(host_name);
  if (const auto exact = by_name_.find(name); exact != by_name_.end()) return exact->second;
  const auto dot = name.find('.');
  if (dot == name.npos) return nullptr;
  const auto wildcard = by_name_.find("*" + name.substr(dot)); // RFC 6125 6.4.3: one label, the leftmost
  return wildcard == by_name_.end() ? nullptr : wildcard->second;
}

} // namespace stagepost::net
