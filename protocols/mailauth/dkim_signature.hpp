#pragma once

#include "protocols/mailauth/canonical.hpp"
#include "protocols/mailauth/dkim_error.hpp"
#include "protocols/mailauth/keys.hpp"
#include "protocols/mailauth/tag_list.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::mailauth::dkim {

inline constexpr size_t max_signature_bytes = 32 * 1024; ///< of one signature field

/// The two fields that are signatures over header and body.
enum class signature_kind : uint8_t {
  dkim,        ///< DKIM-Signature (RFC 6376 3.5)
  arc_message, ///< ARC-Message-Signature (RFC 8617 4.1.2): i= is the instance, there is no v=
};

/// A signature field taken apart.
struct signature {
  key_type type = key_type::rsa;
  bytes value;     ///< b=, decoded
  bytes body_hash; ///< bh=, decoded
  canonicalization header_form = canonicalization::simple;
  canonicalization body_form = canonicalization::simple;
  std::string domain;                  ///< d= as written
  std::string selector;                ///< s= as written
  std::string identity;                ///< i=, or "@" and d=
  std::string key_name;                ///< the name of the key record, for the DNS
  std::vector<std::string> fields;     ///< h= in lower case
  std::optional<uint64_t> body_length; ///< l=
  std::optional<uint64_t> signed_at;   ///< t=, seconds
  std::optional<uint64_t> expires_at;  ///< x=, seconds
};

/// "SELECTOR._domainkey.DOMAIN" with A-labels (RFC 8616); nothing when one of them is no name.
std::optional<std::string> key_name(std::string_view selector, std::string_view domain);

/// "rsa-sha256" or "ed25519-sha256"; why not, for others.
result<key_type> parse_algorithm(std::string_view text);

/// An unsigned number of at most 12 digits, as t= and x= are (RFC 6376 3.5).
std::optional<uint64_t> parse_timestamp(std::string_view text);

/// Reads the value of a signature field that has gone through tag_list. Times are not compared with any
/// clock.
result<signature> parse_signature(const tag_list& tags, signature_kind kind);

} // namespace stagepost::mailauth::dkim
