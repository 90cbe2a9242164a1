#include "protocols/http/basic_credentials.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::http {

namespace {

constexpr std::string_view scheme = "Basic ";

bool is_control(char c) { return uint8_t(c) < 0x20 || c == '\x7f'; }

} // namespace

std::optional<basic_credentials> parse_basic_credentials(std::string_view field) {
  if (field.size() > longest_credentials || !ascii_istarts_with(field, scheme)) return std::nullopt;
  const auto plain = base64_decode(trim(field.substr(scheme.size())));
  if (!plain || std::any_of(plain->begin(), plain->end(), is_control)) return std::nullopt;
  const auto colon = plain->find(':');
  if (colon == plain->npos) return std::nullopt;
  return basic_credentials{plain->substr(0, colon), plain->substr(colon + 1)};
}

std::string authorization_field(const basic_credentials& who) {
  return std::string(scheme) + base64_encode(who.user + ':' + who.password);
}

} // namespace stagepost::http
