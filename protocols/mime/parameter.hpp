#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mime {

/// One `name=value` of a Content-Type or Content-Disposition as it stands in the header (RFC 2231 pieces are
/// separate entries `filename*0*`): name in lower case, value without quotes.
struct parameter {
  std::string name;
  std::string value;

  friend bool operator==(const parameter&, const parameter&) = default;
};

using parameter_list = std::vector<parameter>;

/// The most parameters read from one field.
inline constexpr size_t max_parameters = 256;

/// A field value of the form `token; name=value; ...` (RFC 2045 5.1, RFC 2183 2).
struct parameterized {
  std::string value; ///< in lower case, for Content-Type "text/plain"
  parameter_list parameters;
};

/// Reads such a value, folded or not. Never fails: a value that is no token is empty, parameters that cannot
/// be read are passed over. Unquoted values with spaces and 8-bit octets are taken as common clients mean
/// them.
parameterized parse_parameterized(std::string_view value, size_t limit = max_parameters);

/// The value of a parameter as written: the first entry whose name is exactly `name`, else empty.
std::string_view raw_parameter(const parameter_list& parameters, std::string_view name);

/// The value of a parameter as UTF-8 text: RFC 2231 continuations joined and decoded, encoded words in plain
/// values (which many clients send) decoded too.
std::optional<std::string> decoded_parameter(const parameter_list& parameters, std::string_view name);

/// `name="value"` or the RFC 2231 form, as entries to be joined with "; " in a header.
std::vector<std::string> encode_parameter(std::string_view name, std::string_view utf8);

} // namespace stagepost::mime
