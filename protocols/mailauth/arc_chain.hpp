#pragma once

#include "protocols/mailauth/header_index.hpp"
#include "protocols/mailauth/signature_check.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth::arc {

inline constexpr unsigned max_instances = 50;          ///< RFC 8617 4.2.1
inline constexpr size_t max_results_bytes = 64 * 1024; ///< of one ARC-Authentication-Results field

/// What an ARC-Seal says of the chain before it (RFC 8617 4.1.3).
enum class chain_validation : uint8_t { none, fail, pass };

std::string_view to_string(chain_validation cv);

/// The three fields one hop added (RFC 8617 4.1). Points into the header.
struct arc_set {
  std::optional<mime::header_field> results;            ///< ARC-Authentication-Results
  std::optional<dkim::signature_field> message;         ///< ARC-Message-Signature
  std::optional<dkim::signature_field> seal;            ///< ARC-Seal
  chain_validation validation = chain_validation::none; ///< cv= of the seal
};

/// The sets of a header, first hop first, as far as their structure goes (RFC 8617 5.2, steps 1 to 3).
struct chain {
  std::vector<arc_set> sets;  ///< when `problem` is empty: 1 to N without a gap, each with its three fields
  unsigned highest = 0;       ///< the highest instance that any field names
  bool failed_before = false; ///< the newest seal already says cv=fail
  std::string problem = {};   ///< why this is no chain; empty also when there are no ARC fields at all
};

chain read_chain(const header_index& header);

} // namespace stagepost::mailauth::arc
