#pragma once

#include "protocols/dns/answer.hpp"

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace stagepost::net {

/// Makes a client's context able to check DANE. Once, before its first stream.
bool allow_dane(SSL_CTX* context);

/// Has the handshake of a stream fail unless the peer's chain matches one of the records (RFC 7672 3): a
/// certificate of DANE-EE whatever its names and dates, one below DANE-TA if it is for one of the names. The
/// first name goes into SNI. False when no record can be used: then nothing may be sent on this stream.
bool demand_dane(SSL* stream, const std::vector<std::string>& names,
                 const std::vector<dns::tlsa_record>& records);

/// After the handshake, the record that matched: "3 1 1, the certificate's own"; empty when none did.
std::string dane_match(SSL* stream);

} // namespace stagepost::net
