#pragma once

#include "protocols/mailauth/ip_address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth::spf {

/// Where a macro-string stands: c, r and t are for the explanation's text alone (RFC 7208 7.2).
enum class macro_place : uint8_t { domain_spec, explanation };

/// Whether all "%" are used as RFC 7208 7.1 has it, and all else is visible ASCII (in an explanation also
/// spaces).
bool is_macro_string(std::string_view text, macro_place place);

/// RFC 7208 7.1: a macro-string that ends in a macro or in "." and a top label.
bool is_domain_spec(std::string_view text);

/// Whether %{p} occurs, which needs look-ups.
bool uses_validated_name(std::string_view text);

/// What the letters stand for (RFC 7208 7.2).
struct macro_values {
  std::string sender_local;          ///< l
  std::string sender_domain;         ///< o
  std::string domain;                ///< d
  ip_address client;                 ///< i, c, v
  std::string validated = "unknown"; ///< p
  std::string helo;                  ///< h
  std::string receiver;              ///< r
  int64_t now_seconds = 0;           ///< t
};

/// The text with its macros filled in. Nothing when it is no macro-string, becomes longer than
/// max_expanded_bytes, or needs the local part and that is not ASCII (RFC 8616 4: such a term cannot match).
std::optional<std::string> expand(std::string_view text, macro_place place, const macro_values& values);

inline constexpr size_t max_expanded_bytes = 8 * 1024;

/// RFC 7208 7.3: a name that became too long loses labels on its left; a final dot goes. Lower case.
std::string fit_query_name(std::string_view expanded);

} // namespace stagepost::mailauth::spf
