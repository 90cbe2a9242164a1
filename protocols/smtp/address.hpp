#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::smtp {

/// A mailbox of RFC 5321 4.1.2 (with RFC 6531's characters), taken apart.
struct mailbox {
  std::string local; ///< dot-string as it stands, or the content of a quoted string with its escapes undone
  std::string
      domain; ///< as given; "[192.0.2.1]" and "[IPv6:…]" keep their brackets; empty for bare <postmaster>
};

/// Reads a whole mailbox: RFC 5321 4.5.3.1 limits hold (64 octets local part, 255 domain). A source route
/// (RFC 5321 C) must have been taken off. Nothing when malformed; octets above 0x7f only where `utf8` says so
/// and only as UTF-8.
std::optional<mailbox> parse_mailbox(std::string_view text, bool utf8);

/// The one form under which a domain is known: A-labels in lower case (UTS #46, non-transitional), no dot at
/// the end. Address literals stay as they are, in lower case. Nothing for what is not a domain name.
std::optional<std::string> canonical_domain(std::string_view domain);

/// The one form under which a local user is known: NFC and case-folded.
std::string canonical_local(std::string_view local);

/// A mailbox in the one form of its two parts, as accounts' addresses are written; nothing for what is no
/// mailbox.
std::optional<std::string> canonical_address(std::string_view text);

/// local@domain with the local part quoted again where it must be.
std::string to_string(const mailbox&);

} // namespace stagepost::smtp
