#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>

namespace stagepost::autodiscover {

/// What Outlook asks (MS-OXDSCLI 2.2.3): for whom, and in which form it takes the answer.
struct outlook_request {
  std::string address;         ///< EMailAddress, as given; empty when absent
  std::string response_schema; ///< AcceptableResponseSchema; empty when absent
};

inline constexpr size_t largest_outlook_request = 65536;
inline constexpr size_t deepest_element = 16;
/// Of a text that is kept.
inline constexpr size_t longest_value = 1024;

/// The form of answers that has IMAP, POP3 and SMTP in it; the others are of protocols not spoken here.
inline constexpr std::string_view outlook_schema =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Reads the body of a request, in any encoding that XML names itself. Nothing for what is not well-formed,
/// is too large or too deep, has a document type (so no entity is ever defined or fetched), or is another
/// document.
std::optional<outlook_request> parse_outlook_request(bytes_view body);

} // namespace stagepost::autodiscover
