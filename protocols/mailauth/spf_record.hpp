#pragma once

#include "protocols/mailauth/ip_address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth::spf {

// Bounds of what a stranger's record may cost us; all beyond is a permerror. Real records have a few hundred
// octets, since they must fit a DNS answer.
inline constexpr size_t max_record_bytes = 8 * 1024;
inline constexpr size_t max_terms = 500;

enum class mechanism_kind : uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct mechanism {
  mechanism_kind kind = mechanism_kind::all;
  char qualifier = '+';         ///< "+", "-", "~" or "?"
  std::string domain_spec = {}; ///< with its macros; empty: the domain of the record
  ip_address network = {};      ///< ip4, ip6
  unsigned ip4_prefix = 32;
  unsigned ip6_prefix = 128;
  std::string text = {}; ///< the term as it stands in the record, for the trace
};

/// A record taken apart (RFC 7208 4.6).
struct record {
  std::vector<mechanism> mechanisms;
  std::optional<std::string> redirect;    ///< domain-spec
  std::optional<std::string> explanation; ///< domain-spec
};

/// RFC 7208 4.5: "v=spf1" and a space or nothing.
bool is_spf_record(std::string_view text);

/// A record, or the sentence that says what is wrong with it: one broken term spoils the whole (RFC
/// 7208 4.6).
struct parsed_record {
  std::optional<record> value;
  std::string problem = {};
};

/// Reads what is_spf_record is true for. Linear.
parsed_record parse_record(std::string_view text);

} // namespace stagepost::mailauth::spf
