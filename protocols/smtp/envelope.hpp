#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::smtp {

/// RFC 6152, RFC 3030: what the client said of the content. On disk: never renumber.
enum class body_type : uint8_t { seven_bit, eight_bit_mime, binary_mime };

/// RFC 3461 4.1: NOTIFY as bits; none set means the parameter was absent. On disk: never renumber.
enum notify_on : uint8_t { notify_never = 1, notify_success = 2, notify_failure = 4, notify_delay = 8 };

/// RFC 3461 4.3: RET. On disk: never renumber.
enum class return_content : uint8_t { unspecified, full, headers };

/// RFC 8689: what the sender wants of TLS on the whole way. `required`: TLS to servers that prove who they
/// are, or no delivery (REQUIRETLS). `optional`: delivery counts more than what policies demand
/// (TLS-Required: No). On disk: never renumber.
enum class tls_wish : uint8_t { none, required, optional };

struct recipient {
  std::string address;            ///< as given, without the angle brackets
  uint8_t notify = 0;             ///< notify_on bits
  std::string original_recipient; ///< ORCPT, xtext decoded: "rfc822;bob@example.test"

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, recipient& x) {
    return f(x.address, x.notify, x.original_recipient);
  }
};

/// Which server handed a message to us, for checks that are made when it is sent on.
struct origin {
  std::string client;    ///< its IP address; empty: a user, or nobody whom to check would make sense
  std::string helo;      ///< what it called itself
  std::string mail_from; ///< the sender it gave, where the envelope has another; else empty

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, origin& x) {
    return f(x.client, x.helo, x.mail_from);
  }
};

/// What travels beside a message: RFC 5321 2.3.1 with the parameters of RFC 3461.
struct envelope {
  std::string sender; ///< reverse path without the angle brackets, empty for a bounce
  std::vector<recipient> recipients;
  body_type body = body_type::seven_bit;
  bool smtp_utf8 = false; ///< RFC 6531
  return_content ret = return_content::unspecified;
  std::string envelope_id; ///< ENVID, xtext decoded
  /// Not said by the client but by the message: to whom it was delivered before (Delivered-To, RFC 9228),
  /// canonical.
  std::vector<std::string> delivered_to = {};
  /// Users of ours who had it sent on, the last one first: canonical, and among `delivered_to`. Its header
  /// does not name them yet.
  std::vector<std::string> forwarded_for = {};
  smtp::origin origin = {};
  tls_wish tls = tls_wish::none;
  /// A report of this server to a sender. Of all mail from <> only its loss is told to anybody: what came from
  /// elsewhere might be such a report of another server, and two could go on telling each other.
  bool is_own_report = false;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, envelope& x) {
    return f(x.sender, x.recipients, x.body, x.smtp_utf8, x.ret, x.envelope_id, x.delivered_to,
             x.forwarded_for, x.origin, x.tls, x.is_own_report);
  }
};

/// Whether the message says that it was delivered to this address (canonical) before: then it has come back.
inline bool was_delivered_to(const envelope& message, std::string_view address) {
  const auto& all = message.delivered_to;
  return std::find(all.begin(), all.end(), address) != all.end();
}

} // namespace stagepost::smtp
