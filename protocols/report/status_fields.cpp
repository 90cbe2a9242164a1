#include "protocols/report/status_fields.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/report/header_values.hpp"
#include "protocols/smtp_client/command.hpp"

#include <algorithm>

namespace stagepost::report {

namespace {

// A field must fit into a line even if nothing in it can be folded (RFC 5322 2.1.1).
constexpr size_t max_diagnostic_octets = 900;

std::string in_ascii(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return uint8_t(c) >= 0x80; }, '?');
  return out;
}

/// "rfc822;bob@example.test"; RFC 6533 3 for what is not ASCII: as it is, or with \x{…}.
std::string typed_address(std::string_view address, bool utf8) {
  if (is_ascii(address)) return "rfc822;" + std::string(address);
  const auto typed = "utf-8;" + std::string(address);
  return utf8 ? typed : smtp_client::encode_original_recipient(typed, false);
}

std::string original_recipient(std::string_view decoded, bool utf8) {
  if (is_ascii(decoded) || utf8) return std::string(decoded);
  return smtp_client::encode_original_recipient(decoded, false);
}

std::string diagnostic(const smtp_client::outcome& why, bool utf8) {
  auto text = why.reply.code != 0  ? "smtp; " + smtp_client::to_string(why.reply)
              : why.reason.empty() ? std::string{}
                                   : "x-stagepost; " + why.reason;
  if (!utf8 || !is_utf8(text)) text = in_ascii(text);
  return shortened(std::move(text), max_diagnostic_octets);
}

void write_recipient(mime::header_writer& out, const reported_recipient& one, bool utf8) {
  // RFC 3464 2.3.1: only what the sender gave, never made up.
  if (const auto original = original_recipient(one.who.original_recipient, utf8); !original.empty())
    out.raw("Original-Recipient", original);
  out.raw("Final-Recipient", typed_address(one.who.address, utf8));
  out.raw("Action", to_string(one.action));
  out.raw("Status", to_string(one.why.status));
  if (!one.remote_host.empty()) out.raw("Remote-MTA", "dns; " + in_ascii(one.remote_host));
  if (const auto text = diagnostic(one.why, utf8); !text.empty()) out.raw("Diagnostic-Code", text);
  if (one.last_attempt_at != instant{}) out.date("Last-Attempt-Date", {one.last_attempt_at});
  if (one.action == delivery_action::delayed && one.retries_until != instant{})
    out.date("Will-Retry-Until", {one.retries_until});
}

} // namespace

bytes status_fields(const dsn_request& request, bool utf8) {
  mime::header_writer message;
  // RFC 3464 2.2.1: the value without its xtext.
  if (!request.original.envelope_id.empty())
    message.raw("Original-Envelope-Id", in_ascii(request.original.envelope_id));
  message.raw("Reporting-MTA", "dns; " + in_ascii(request.reporting_host));
  if (request.arrived_at != instant{}) message.date("Arrival-Date", {request.arrived_at});
  if (!request.queue_id.empty()) message.raw("X-Stagepost-Queue-ID", request.queue_id);
  bytes out = message.fields();
  for (const auto& one : request.recipients) {
    mime::header_writer group;
    write_recipient(group, one, utf8);
    out += "\r\n" + group.fields();
  }
  return out;
}

bool needs_utf8(const dsn_request& request) {
  return std::any_of(request.recipients.begin(), request.recipients.end(), [](const auto& one) {
    return !is_ascii(one.who.address) || !is_ascii(one.who.original_recipient) ||
           !is_ascii(one.why.reply.text);
  });
}

} // namespace stagepost::report
