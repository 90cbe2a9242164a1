#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/mailbox_page.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stagepost::imap {

/// Flags as a client names them: system flags as bits, keywords by name, each once.
struct flag_list {
  uint32_t flags = 0;
  std::vector<std::string> keywords;
};

inline constexpr size_t max_keyword_octets = 100;

/// Adds a flag by its name on the wire. False for a system flag we do not have and for a keyword too long or
/// too many. "\Recent" is passed over: only we could set it (RFC 3501 2.3.2), and clients copy it from FETCH.
bool add_flag(flag_list& list, std::string_view name);

/// The bits of `names` in a mailbox's `keywords`, in any case; what it does not have is left out.
uint64_t keyword_bits(const std::vector<std::string>& names, const std::vector<std::string>& keywords);

/// "\Seen \Flagged $Forwarded", without parentheses.
void write_flag_names(bytes& out, uint32_t flags, uint64_t keyword_bits,
                      const std::vector<std::string>& keywords);

} // namespace stagepost::imap
