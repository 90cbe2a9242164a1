#include "protocols/mailauth/dkim_error.hpp"

namespace stagepost::mailauth::dkim {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::malformed: return "malformed signature";
  case errc::unsupported_version: return "unsupported version";
  case errc::unsupported_algorithm: return "unsupported algorithm";
  case errc::historic_algorithm: return "rsa-sha1 no longer counts";
  case errc::unsupported_canonicalization: return "unsupported canonicalization";
  case errc::unsupported_query: return "unsupported query method";
  case errc::foreign_identity: return "identity outside the signing domain";
  case errc::from_not_signed: return "From not signed";
  case errc::expired: return "signature expired";
  case errc::header_too_large: return "header too large";
  case errc::key_unavailable: return "key unavailable";
  case errc::no_key: return "no key";
  case errc::key_malformed: return "malformed key record";
  case errc::key_revoked: return "key revoked";
  case errc::key_of_other_type: return "key of another type";
  case errc::key_refuses_hash: return "key does not allow sha256";
  case errc::key_for_other_service: return "key not for mail";
  case errc::key_refuses_subdomain: return "key does not allow subdomains";
  case errc::key_too_weak: return "key of less than 1024 bits";
  case errc::key_too_large: return "key too large";
  case errc::body_changed: return "body hash does not match";
  case errc::body_shorter_than_length: return "body shorter than signed";
  case errc::signature_mismatch: return "signature does not match";
  }
  return "unknown error";
}

auth_result word_of(errc code) {
  switch (code) {
  case errc::key_unavailable: return auth_result::temperror;
  case errc::expired:
  case errc::body_changed:
  case errc::body_shorter_than_length:
  case errc::signature_mismatch: return auth_result::fail;
  // Somebody signed, and perhaps well: it is us who do not take it.
  case errc::historic_algorithm:
  case errc::header_too_large:
  case errc::key_too_weak:
  case errc::key_too_large: return auth_result::policy;
  default: return auth_result::permerror;
  }
}

} // namespace stagepost::mailauth::dkim
