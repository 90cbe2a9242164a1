#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mime {

/// What an entry of an address list stands for. Stored: never renumber.
enum class address_kind : uint8_t {
  mailbox = 0,
  group_start = 1, ///< `mailbox` is the name of the group; ENVELOPE writes (NIL NIL name NIL)
  group_end = 2,   ///< ENVELOPE writes (NIL NIL NIL NIL)
};

/// One entry of an address list in the shape of RFC 9051 7.5.2, quoting and comments taken off, encoded words
/// left as they are. Empty `name` and `route` mean NIL. A mailbox without a domain has an empty `host`, which
/// ENVELOPE must write as "" since NIL would make it a group.
struct address {
  address_kind kind = address_kind::mailbox;
  std::string name = {};  ///< display name, or the comment after the address where there is none
  std::string route = {}; ///< obsolete source route, "@a,@b"
  std::string mailbox = {};
  std::string host = {};

  friend bool operator==(const address&, const address&) = default;
};

using address_list = std::vector<address>;

/// The most entries one call of parse_addresses yields.
inline constexpr size_t max_addresses = 10'000;

/// Reads the value of an address field (RFC 5322 3.4 and 4.4, UTF-8 as in RFC 6532), folded or not. Never
/// fails: what cannot be read as an address becomes a mailbox without a domain or is passed over. Linear in
/// `value`; entries after the first `limit` are dropped, an open group is ended.
address_list parse_addresses(std::string_view value, size_t limit = max_addresses);

/// `local@host` of a mailbox with the local part quoted where RFC 5322 3.4.1 asks for it; empty for group
/// markers.
std::string addr_spec(const address& mailbox);

/// `"Name" <local@host>` for a header: the name becomes an atom sequence, a quoted string or encoded words.
std::string format_address(const address& mailbox);

} // namespace stagepost::mime
