#pragma once

#include "protocols/mailauth/ip_address.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::mailauth {

enum class record_type : uint8_t { a, aaaa, mx, ptr, txt };

/// What a check must know from the DNS to go on. `name` is in lower case, ASCII (A-labels), without a final
/// dot.
struct question {
  record_type type = record_type::txt;
  std::string name;

  friend auto operator<=>(const question&, const question&) = default;
};

enum class lookup_status : uint8_t {
  found,        ///< there are records of that type, CNAMEs followed
  no_records,   ///< the name exists, records of that type do not
  no_such_name, ///< NXDOMAIN
  failed,       ///< time-out, SERVFAIL, refused, bogus by DNSSEC: may be answered another time
};

struct mail_exchange {
  uint16_t preference = 0;
  std::string host;
};

/// What the DNS said. Only the member that goes with the question's type is looked at, and only with `found`.
struct answer {
  lookup_status status = lookup_status::failed;
  std::vector<ip_address> addresses = {};    ///< A, AAAA
  std::vector<mail_exchange> exchanges = {}; ///< MX
  std::vector<std::string> names = {};       ///< PTR
  std::vector<std::string> texts = {}; ///< TXT: the strings of a record joined, an entry for each record
};

} // namespace stagepost::mailauth
