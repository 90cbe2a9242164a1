#pragma once

#include "protocols/base/result.hpp"
#include "protocols/mailauth/auth_result.hpp"

#include <cstdint>
#include <string_view>

namespace stagepost::mailauth::dkim {

/// Why a signature does not hold. From 1: code 0 is "no error".
enum class errc : uint8_t {
  malformed = 1,         ///< not a tag list, a tag missing, or a value that cannot be
  unsupported_version,   ///< v= is not 1
  unsupported_algorithm, ///< a= unknown
  historic_algorithm,    ///< rsa-sha1 (RFC 8301 3.1)
  unsupported_canonicalization,
  unsupported_query,     ///< q= without dns/txt
  foreign_identity,      ///< i= is not in the domain of d=
  from_not_signed,       ///< h= without From (RFC 6376 6.1.1)
  expired,               ///< x= is past
  header_too_large,      ///< beyond max_header_bytes or max_header_fields
  key_unavailable,       ///< the DNS gave no answer: another time perhaps
  no_key,                ///< no record under that name
  key_malformed,         ///< a record that is none of DKIM's, or a key that is none
  key_revoked,           ///< p= is empty
  key_of_other_type,     ///< k= does not fit a=
  key_refuses_hash,      ///< h= of the key without sha256
  key_for_other_service, ///< s= of the key without email
  key_refuses_subdomain, ///< t=s, and i= is in a subdomain
  key_too_weak,          ///< RSA of less than 1024 bits (RFC 8301 3.2)
  key_too_large,
  body_changed,             ///< bh= is not that of the body
  body_shorter_than_length, ///< l= says more than there is
  signature_mismatch,       ///< b= does not fit the header
};

std::string_view to_string(errc code);

/// The word for an Authentication-Results field (RFC 8601 2.7.1).
auth_result word_of(errc code);

template <class T>
using result = basic_result<T, errc>;

} // namespace stagepost::mailauth::dkim
