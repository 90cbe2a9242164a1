#pragma once

#include "protocols/base/units.hpp"
#include "protocols/imap/commands/fetch_items.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// The mailbox a URL without one is about: the selected one.
struct url_base {
  std::string mailbox;
  stagepost::uid_validity validity;
};

/// A message, or a part of one, in a mailbox of this account.
struct message_url {
  std::string mailbox;
  std::optional<stagepost::uid_validity> validity;
  stagepost::uid uid;
  std::optional<fetch_item> section; ///< absent: the whole message
  uint64_t offset = 0;
  std::optional<uint64_t> size; ///< absent: to the end
};

inline constexpr size_t max_url_octets = 4096;

/// Reads an IMAP URL relative to this account (RFC 5092 7, RFC 4469 3): an absolute path,
/// "/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2/;PARTIAL=0.1000", or, where `base` has a mailbox, what
/// follows its name. Nothing for what is malformed, names another server, or needs an authorization.
std::optional<message_url> parse_message_url(std::string_view text, char separator,
                                             const std::optional<url_base>& base);

} // namespace stagepost::imap
