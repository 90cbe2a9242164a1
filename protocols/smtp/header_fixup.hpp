#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/smtp/session.hpp"

#include <string>
#include <vector>

namespace stagepost::smtp {

/// What is to be done to the header block of a message on its way in.
struct header_rules {
  std::string received; ///< put on top; may be empty
  bool complete =
      false; ///< adds a missing Date and Message-ID, removes Bcc and Resent-Bcc (RFC 6409 8, RFC 5322 3.6.3)
  std::string message_id; ///< without angle brackets
  instant at;
  std::chrono::minutes zone{0}; ///< in which Date tells it
  sender_match match = sender_match::none;
  std::string match_address; ///< who From must name
  /// The client is the one that delivers and may have written its own Delivered-To on top (LMTP): only those
  /// below a Received count.
  bool client_delivers = false;
  /// SMTPOUT-10: the account that X-Stagepost-Authenticated-As names; empty: there is no such field.
  std::string authenticated_as;
  bool drops_authenticated_as = false;    ///< what the client says there is not believed
  std::vector<std::string> match_domains; ///< further names of that one's domain, canonical (DOM-82)
};

/// A header block that went through the rules.
struct fixed_header {
  bytes text;            ///< everything not named by the rules is as it was, octet for octet
  size_t hops = 0;       ///< Received fields it came with
  bool from_fits = true; ///< false when a From field names somebody else (SMTPIN-18)
  /// Addresses of the Delivered-To fields (RFC 9228) in their one form: at most max_delivered_to, those on
  /// top.
  std::vector<std::string> delivered_to;
  bool tls_optional = false; ///< one TLS-Required field, and it says No (RFC 8689 3)
};

/// A loop adds one with each turn, so a few are enough; the hop count ends what is longer.
inline constexpr size_t max_delivered_to = 50;

/// `block`: the octets before the first empty line, and that line. Linear.
fixed_header fix_header(bytes_view block, const header_rules& rules);

/// Whether `address` is, by `match`, the account's or at least of its domain. Both as local@domain; `domains`
/// are further names of the account's domain, canonical, under which its addresses are the same ones
/// (DOM-82).
bool fits_sender(sender_match match, std::string_view account, std::string_view address,
                 const std::vector<std::string>& domains = {});

/// Finds where a header block ends in content that grows, looking at each octet once.
class header_end_search {
public:
  /// One behind the empty line that ends the block, or npos when it has not come yet. `content` begins with
  /// what it was in the call before.
  size_t look(bytes_view content);

private:
  size_t line_ = 0;     ///< where the last line begins
  size_t searched_ = 0; ///< up to where it holds no newline
};

} // namespace stagepost::smtp
