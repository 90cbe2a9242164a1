#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/outcome.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::report {

/// RFC 3464 2.3.3, without "expanded".
enum class delivery_action : uint8_t {
  failed,
  delayed,
  delivered, ///< into a mailbox
  relayed,   ///< to a server that sends no reports itself
};

std::string_view to_string(delivery_action what);

/// Whether the sender wants to be told (RFC 3461 4.1 and 5.2). Nobody is told about a message from <>.
bool wants_report(const smtp::envelope& envelope, const smtp::recipient& whom, delivery_action what);

/// A line of a report.
struct reported_recipient {
  smtp::recipient who;
  delivery_action action = delivery_action::failed;
  smtp_client::outcome why;
  std::string remote_host; ///< whose reply it was; empty: nobody was reached
  instant last_attempt_at;
  instant retries_until; ///< of `delayed`
};

/// What a report is made of. All recipients of one message may share a report; at least one.
struct dsn_request {
  std::string reporting_host; ///< what we call ourselves
  smtp::envelope original;    ///< of the message that is reported on; its recipients are not looked at
  std::string to;       ///< who gets the report; empty: the sender. Set for a lost report, which has none
  std::string queue_id; ///< as in the trace
  std::string message_id; ///< of the report, without angle brackets
  bytes random;           ///< 16 octets or more, for the boundary
  instant arrived_at;
  instant now;
  std::vector<reported_recipient> recipients;
};

struct composed_message {
  smtp::envelope envelope;
  bytes message;
};

/// The most octets of a returned header; what is beyond is cut off between two fields.
inline constexpr size_t max_returned_header = 64 * 1024;

/// Whether the whole message is returned or its header (RFC 3461 4.3): whole only with a failure, if the
/// sender did not ask for headers, if it is not larger than `max_returned_bytes`, and if lines can carry it.
bool returns_whole_message(const dsn_request& request, uint64_t size_bytes, uint64_t max_returned_bytes);

/// Writes a multipart/report (RFC 3462, RFC 3464; RFC 6533 where the sender takes SMTPUTF8): text for a
/// person, fields for a program, and `returned`: the original message, or its header, of which more than the
/// header is cut off unless `whole`. Nothing when there is nobody to tell: a message from <> is reported to
/// nobody but `to`.
std::optional<composed_message> compose_dsn(const dsn_request& request, bytes_view returned, bool whole);

} // namespace stagepost::report
