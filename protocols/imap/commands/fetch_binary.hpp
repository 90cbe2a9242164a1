#pragma once

#include "protocols/imap/commands/fetch_items.hpp"
#include "protocols/mime/digest.hpp"

#include <optional>

namespace stagepost::imap {

/// BINARY and BINARY.SIZE of RFC 3516 4.2: a section of numbers only, its partial and its label. `in` stands
/// before the "[".
bool parse_binary_item(parser& in, std::string_view name, fetch_item& item);

/// What BINARY[…] gives of a message.
struct binary_section {
  enum class outcome : uint8_t { absent, unknown_encoding, as_stored, decoded };
  outcome how = outcome::absent;
  mime::extent where; ///< of as_stored: these octets of the message
  bytes content;      ///< of decoded
};

/// Takes the transfer encoding off a part. The whole message and parts made of parts are as they are stored.
/// Costs the size of the part.
binary_section take_binary_section(const message_data& message, const std::vector<uint32_t>& numbers);

} // namespace stagepost::imap
