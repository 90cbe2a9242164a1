#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::http {

/// Who asks, by HTTP Basic (RFC 7617).
struct basic_credentials {
  std::string user; ///< without a colon
  std::string password;
};

inline constexpr size_t longest_credentials = 1024; ///< as the field has them

/// Reads an Authorization field. Nothing for another scheme, what is no base64, has no colon or control
/// characters, or is too long.
std::optional<basic_credentials> parse_basic_credentials(std::string_view field);

/// The field that says so. The user has no colon.
std::string authorization_field(const basic_credentials& who);

} // namespace stagepost::http
