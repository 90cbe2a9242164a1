#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth {

// Bounds of what is read, and of what is written: nobody's mail comes near.
inline constexpr size_t max_results_field_bytes = 32 * 1024;
inline constexpr size_t max_method_results = 100;
inline constexpr size_t max_properties = 50; ///< of one result
inline constexpr size_t max_comment_depth = 16;
inline constexpr size_t max_written_value = 400; ///< longer values are cut

/// "smtp.mailfrom=joe@example.test" (RFC 8601 2.2, propspec).
struct result_property {
  std::string type; ///< "smtp", "header", "body", "policy"
  std::string name; ///< "mailfrom", "d", …
  std::string value;

  friend bool operator==(const result_property&, const result_property&) = default;
};

/// What one method said of the message.
struct method_result {
  std::string method;       ///< "spf", "dkim", "arc", "dmarc", …
  std::string result;       ///< "pass", …
  std::string comment = {}; ///< in parentheses behind the result: "2048-bit key"
  std::string reason = {};
  std::vector<result_property> properties = {};

  friend bool operator==(const method_result&, const method_result&) = default;
};

/// The content of an Authentication-Results field (RFC 8601 2.2), or of an ARC-Authentication-Results field
/// behind its instance.
struct authentication_results {
  std::string authserv_id;                 ///< who says it: a host name of ours
  std::vector<method_result> results = {}; ///< empty: no method was tried

  friend bool operator==(const authentication_results&, const authentication_results&) = default;
};

/// The value of the field: the authserv-id, and each result on a line of its own, without the final CRLF.
/// Whatever is in the strings, line ends and control characters do not come through.
std::string write_results(const authentication_results& said);

/// The whole field with its name and CRLF.
bytes write_results_field(const authentication_results& said);

/// Reads the value of a field, folded or not. Nothing when it breaks the grammar or the bounds. Linear.
std::optional<authentication_results> parse_results(std::string_view value);

/// A field of a header block, by its place.
struct field_place {
  size_t offset = 0;
  size_t size = 0;
};

/// RFC 8601 5: the Authentication-Results fields a message came with that claim to be ours, or cannot be read
/// and so might be taken for ours. They go before anybody relies on them.
std::vector<field_place> forged_results(bytes_view header, std::string_view authserv_id);

} // namespace stagepost::mailauth
