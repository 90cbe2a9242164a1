#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagepost::http {

/// What a client asks for, taken apart (RFC 9112 3.2): path and parameters with their %XX undone.
struct target {
  std::string path;                                            ///< begins with "/"
  std::vector<std::pair<std::string, std::string>> parameters; ///< of the query, in order

  /// The first parameter of that name, whatever the case of its letters; empty when there is none.
  std::string_view parameter(std::string_view name) const;
};

inline constexpr size_t longest_target = 8192;
inline constexpr size_t most_parameters = 100;

/// Reads the origin form ("/path?name=value") and the absolute form. A "+" stays what it is: mail addresses
/// have it. Nothing for what is neither form, is too long, has a broken %XX, or hides a NUL.
std::optional<target> parse_target(std::string_view text);

/// The host of a Host field without its port, in lower case; empty when it is no host name (RFC 9110 7.2).
std::string host_of(std::string_view field);

} // namespace stagepost::http
