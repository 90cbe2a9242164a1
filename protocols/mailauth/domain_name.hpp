#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth {

inline constexpr size_t max_domain_octets = 253; ///< RFC 1035 3.1, as text without the final dot
inline constexpr size_t max_label_octets = 63;

/// Whether a query can be made of it: labels of 1 to 63 octets, 253 in all, a final dot allowed. Which octets
/// are in the labels does not matter.
bool is_query_name(std::string_view name);

/// RFC 6376 3.5, RFC 5321 4.1.2: labels of letters, digits, inner hyphens and (as selectors have them)
/// underscores; ASCII. One label is enough.
bool is_host_name(std::string_view name);

/// The name in lower case, U-labels as A-labels (RFC 8616), without a final dot. Nothing when it is no
/// host name.
std::optional<std::string> to_query_name(std::string_view name);

/// Whether `name` is `parent` or below it, whatever the case.
bool is_same_or_below(std::string_view name, std::string_view parent);

} // namespace stagepost::mailauth
