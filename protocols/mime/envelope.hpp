#pragma once

#include "protocols/mime/address.hpp"

#include <optional>
#include <string>

namespace stagepost::mime {

/// The fields of a message header that IMAP ENVELOPE (RFC 9051 7.5.2) and message lists show. Texts are
/// unfolded, raw (encoded words not decoded); nothing where the field is absent, empty where it is present
/// but empty.
struct envelope {
  std::optional<std::string> date;
  std::optional<std::string> subject;
  address_list from;
  address_list sender;   ///< `from` where absent or empty
  address_list reply_to; ///< `from` where absent or empty
  address_list to;
  address_list cc;
  address_list bcc;
  std::optional<std::string> in_reply_to;
  std::optional<std::string> message_id;

  friend bool operator==(const envelope&, const envelope&) = default;
};

} // namespace stagepost::mime
