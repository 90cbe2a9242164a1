#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::http {

/// Where a request goes (RFC 9110 4.2).
struct url {
  bool secure = false; ///< https
  std::string host;    ///< a name in lower case, or an address; one of IPv6 without its brackets
  uint16_t port = 80;
  std::string target = "/"; ///< path and query, as they are sent

  friend bool operator==(const url&, const url&) = default;
};

inline constexpr size_t longest_url = 4096;

/// Reads "https://host:port/path?query"; a fragment is dropped. Nothing for another scheme, a user in front
/// of the host, what is no host, or octets that must not stand in a URL: what is sent of it has no blanks and
/// no line ends.
std::optional<url> parse_url(std::string_view text);

/// What the Host field says: the port only where it is not the usual one.
std::string host_field(const url& of);

/// Where a Location field leads that came from there (RFC 9110 10.2.2): another URL, or a path on the same
/// server. Other forms nobody sends; they are nothing.
std::optional<url> resolve_location(const url& from, std::string_view location);

/// A text as it may stand in a query, between "=" and "&" (RFC 3986 2.1).
std::string escape(std::string_view text);

} // namespace stagepost::http
