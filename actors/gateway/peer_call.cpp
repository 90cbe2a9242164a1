#include "actors/gateway/peer_call.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cctype>

namespace stagepost::gateway {

namespace {

constexpr size_t deepest_nesting = 8;

/// RFC 3986 2.1, 2.3.
std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF", plain = "-._~";
  std::string out;
  for (const auto c : text) {
    const auto octet = uint8_t(c);
    if (octet < 0x80 && (std::isalnum(octet) || plain.find(c) != plain.npos)) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[octet >> 4];
    out += digits[octet & 15];
  }
  return out;
}

std::string below(std::string server_url, const std::string& path) {
  while (server_url.ends_with('/')) server_url.pop_back();
  return server_url + path;
}

} // namespace

std::string domain_question(const std::string& server_url, const std::string& domain) {
  return below(server_url, "/api/v1/gateway/domains?domain=" + percent_encoded(domain));
}

std::string user_question(const std::string& server_url, const std::string& domain,
                          const std::string& address) {
  return below(server_url, "/api/v1/gateway/users?domain=" + percent_encoded(domain) +
                               "&address=" + percent_encoded(address));
}

std::optional<bool> read_valid(bytes_view body) {
  boost::json::parse_options options;
  options.max_depth = deepest_nesting;
  boost::json::error_code failed;
  const auto value = boost::json::parse({body.data(), body.size()}, failed, {}, options);
  if (failed || !value.is_object()) return std::nullopt;
  const auto* valid = value.get_object().if_contains("valid");
  return valid && valid->is_bool() ? std::optional(valid->get_bool()) : std::nullopt;
}

} // namespace stagepost::gateway
