#pragma once

#include "protocols/mailauth/dkim_error.hpp"
#include "protocols/mailauth/keys.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth::dkim {

inline constexpr size_t max_key_record_bytes = 8 * 1024; ///< an RSA key of 4096 bits has 740
inline constexpr size_t max_txt_string_bytes = 255;      ///< RFC 1035 3.3

/// A key record (RFC 6376 3.6.1) that may be used for mail signed with SHA-256.
struct key_record {
  public_key key;
  bool testing = false;         ///< t=y: a signature that fails must count like none
  bool strict_identity = false; ///< t=s: the domain of i= must be that of d=
};

/// Reads the text of one TXT record for a signature whose a= asks for `type`.
result<key_record> parse_key_record(std::string_view text, key_type type);

/// The value of the TXT record that publishes this key: "v=DKIM1; k=rsa; p=…".
std::string key_record_text(const private_key& key);
/// The same of the public half, as `private_key::public_octets` gives it.
std::string key_record_text(key_type type, bytes_view public_octets);

/// "SELECTOR._domainkey.DOMAIN" of a new record; both as given.
std::string key_record_name(std::string_view selector, std::string_view domain);

/// A selector of 15 hexadecimal digits out of 8 random octets, which the caller brings (DLV-16).
std::string make_selector(bytes_view random_octets);

/// The value cut into the strings a TXT record is made of, each quoted for a zone file, a space between.
std::string zone_file_text(std::string_view record_text);

} // namespace stagepost::mailauth::dkim
