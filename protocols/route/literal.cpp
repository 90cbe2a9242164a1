#include "protocols/route/literal.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::route {

std::optional<dns::ip_address> parse_address_literal(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  if (!ascii_istarts_with(text, tag)) return mailauth::parse_ipv4(text);
  text.remove_prefix(tag.size());
  if (!mailauth::parse_ipv6(text)) return std::nullopt;
  return mailauth::parse_client_address(text);
}

} // namespace stagepost::route
