#pragma once

#include <cstdint>
#include <string_view>

namespace stagepost::mailauth {

/// The result words of RFC 8601 2.7 that SPF, DKIM and ARC use between them.
enum class auth_result : uint8_t { none, neutral, pass, fail, softfail, policy, temperror, permerror };

constexpr std::string_view to_string(auth_result result) {
  constexpr std::string_view words[] = {"none",     "neutral", "pass",      "fail",
                                        "softfail", "policy",  "temperror", "permerror"};
  return words[uint8_t(result)];
}

} // namespace stagepost::mailauth
