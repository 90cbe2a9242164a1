#pragma once

#include "protocols/dns/answer.hpp"

#include <string>
#include <string_view>
#include <vector>

// DANE for SMTP (RFC 7672): a host's certificate is pinned by TLSA records that DNSSEC proves.
namespace stagepost::route {

/// "_25._tcp.mail.example.org"
std::string tlsa_name(std::string_view host, uint16_t port);

/// Whether a record is one that mail uses: DANE-TA(2) or DANE-EE(3), a selector and a digest that are known,
/// and data of the digest's length (RFC 7672 3.1). PKIX-TA and PKIX-EE are not.
bool is_usable(const dns::tlsa_record& record);

/// What a proven set of TLSA records asks of the TLS of a host.
struct tlsa_verdict {
  bool must_encrypt = false;                 ///< there are records, usable or not (RFC 7672 2.2)
  std::vector<dns::tlsa_record> usable = {}; ///< one of them must match; none: nothing is to be proven
};

tlsa_verdict judge_tlsa(const std::vector<dns::tlsa_record>& records);

/// Whether a record speaks of this certificate: by its DER form or that of its public key. Says nothing of
/// the chain that DANE-TA needs: that is checked in the handshake.
bool speaks_of(const dns::tlsa_record& record, bytes_view certificate_der, bytes_view public_key_der);

} // namespace stagepost::route
