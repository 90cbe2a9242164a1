#include "actors/net/dane.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace stagepost::net {

bool allow_dane(SSL_CTX* context) {
  const bool good = SSL_CTX_dane_enable(context) > 0;
  // RFC 7672 3.1.1: what DANE-EE pins needs neither names nor dates.
  if (good) SSL_CTX_dane_set_flags(context, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  ERR_clear_error();
  return good;
}

bool demand_dane(SSL* stream, const std::vector<std::string>& names,
                 const std::vector<dns::tlsa_record>& records) {
  if (names.empty() || SSL_dane_enable(stream, names.front().c_str()) <= 0) {
    ERR_clear_error();
    return false;
  }
  for (size_t i = 1; i < names.size(); ++i) SSL_add1_host(stream, names[i].c_str());
  // RFC 7672 3.2.3: "*" stands for a whole label.
  SSL_set_hostflags(stream, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool usable = false;
  for (const auto& each : records)
    usable =
        SSL_dane_tlsa_add(stream, each.usage, each.selector, each.matching,
                          reinterpret_cast<const unsigned char*>(each.data.data()), each.data.size()) > 0 ||
        usable;
  ERR_clear_error(); // of records OpenSSL did not take
  if (usable) SSL_set_verify(stream, SSL_VERIFY_PEER, nullptr);
  return usable;
}

std::string dane_match(SSL* stream) {
  if (SSL_get_verify_result(stream) != X509_V_OK) return {};
  const int depth = SSL_get0_dane_authority(stream, nullptr, nullptr);
  if (depth < 0) return {};
  uint8_t usage = 0, selector = 0, matching = 0;
  const unsigned char* data = nullptr;
  size_t size = 0;
  if (SSL_get0_dane_tlsa(stream, &usage, &selector, &matching, &data, &size) < 0) return {};
  return fmt::format("{} {} {}, {}", usage, selector, matching,
                     depth == 0 ? std::string("the certificate's own")
                                : fmt::format("{} above the certificate", depth));
}

} // namespace stagepost::net
