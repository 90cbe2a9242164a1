#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::dns {

/// Numbers of RFC 1035 3.2.2, RFC 3596 and RFC 6698.
enum class record_type : uint16_t { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

/// "MX"; any case is read.
std::string_view to_string(record_type type);
std::optional<record_type> parse_record_type(std::string_view text);

/// What is asked of the DNS. `name` is in lower case, ASCII (A-labels), without a final dot.
struct question {
  record_type type = record_type::a;
  std::string name;

  friend auto operator<=>(const question&, const question&) = default;
};

/// "MX example.org"
std::string to_string(const question& asked);

} // namespace stagepost::dns
