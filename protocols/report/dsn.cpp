#include "protocols/report/dsn.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/report/header_values.hpp"
#include "protocols/report/notice_text.hpp"
#include "protocols/report/status_fields.hpp"
#include "protocols/smtp_client/content_facts.hpp"

#include <algorithm>

namespace stagepost::report {

namespace {

/// The fields that fit, with CRLF and no empty line; NUL and bare newlines are gone.
bytes returned_fields(bytes_view message) {
  const auto block = mime::header_block(message);
  bytes out;
  for (const auto& field : mime::header_fields(block)) {
    if (out.size() + field.size > max_returned_header) break;
    const auto text = block.substr(field.offset, field.size);
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\n')
        out += "\r\n";
      else if (c != '\r')
        out.push_back(c == '\0' ? ' ' : c);
      else if (text.substr(i + 1, 1) != "\n")
        out.push_back(' ');
    }
    if (!out.ends_with("\r\n")) out += "\r\n";
  }
  return out;
}

bool is_clean(bytes_view message) {
  smtp_client::content_scan scan;
  scan.feed(message);
  return !scan.facts().is_binary();
}

mime::written_part returned_part(bytes_view returned, bool whole, bool utf8) {
  if (whole && is_clean(returned)) {
    // RFC 6533 5: only a header with UTF-8 makes a message global.
    const bool global = utf8 && !is_ascii(mime::header_block(returned));
    return mime::embedded_part(global ? "message/global" : "message/rfc822", returned);
  }
  const auto fields = returned_fields(returned);
  const bool global = utf8 && !is_ascii(fields);
  return mime::embedded_part(global ? "message/global-headers" : "text/rfc822-headers", fields);
}

std::string subject_of(const dsn_request& request, bytes_view header) {
  const auto worst = worst_action(request);
  const std::string what = worst == delivery_action::failed    ? "Not delivered"
                           : worst == delivery_action::delayed ? "Not delivered yet"
                                                               : "Delivered";
  const auto subject = original_subject(header);
  return subject.empty() ? what : what + ": " + subject;
}

} // namespace

std::string_view to_string(delivery_action what) {
  switch (what) {
  case delivery_action::failed: return "failed";
  case delivery_action::delayed: return "delayed";
  case delivery_action::delivered: return "delivered";
  case delivery_action::relayed: return "relayed";
  }
  return "failed";
}

bool wants_report(const smtp::envelope& envelope, const smtp::recipient& whom, delivery_action what) {
  if (envelope.sender.empty() || (whom.notify & smtp::notify_never) != 0) return false; // RFC 5321 6.1
  // RFC 3461 4.1: without NOTIFY failures are told, and delays may be.
  const auto notify = whom.notify != 0 ? whom.notify : uint8_t(smtp::notify_failure | smtp::notify_delay);
  switch (what) {
  case delivery_action::failed: return (notify & smtp::notify_failure) != 0;
  case delivery_action::delayed: return (notify & smtp::notify_delay) != 0;
  case delivery_action::delivered:
  case delivery_action::relayed: return (notify & smtp::notify_success) != 0;
  }
  return false;
}

bool returns_whole_message(const dsn_request& request, uint64_t size_bytes, uint64_t max_returned_bytes) {
  return worst_action(request) == delivery_action::failed &&
         request.original.ret != smtp::return_content::headers &&
         request.original.tls != smtp::tls_wish::required && // RFC 8689 5
         request.original.body != smtp::body_type::binary_mime && size_bytes <= max_returned_bytes;
}

std::optional<composed_message> compose_dsn(const dsn_request& request, bytes_view returned, bool whole) {
  const auto& to = request.to.empty() ? request.original.sender : request.to;
  if (to.empty() || request.recipients.empty()) return std::nullopt; // RFC 5321 6.1: no report on a report
  const auto header = mime::header_block(returned);
  // RFC 6533: a sender who asked for SMTPUTF8 takes UTF-8.
  const bool utf8 = request.original.smtp_utf8 && (needs_utf8(request) || !is_ascii(header));

  mime::header_writer fields;
  fields.date("Date", {request.now});
  fields.addresses("From",
                   {header_address("MAILER-DAEMON@" + request.reporting_host, "Mail Delivery System")});
  fields.addresses("To", {header_address(to)});
  fields.text("Subject", subject_of(request, header));
  fields.raw("Message-ID", "<" + request.message_id + ">");
  if (const auto id = message_id_of(header); !id.empty()) fields.raw("In-Reply-To", id).raw("References", id);
  fields.raw("Auto-Submitted", "auto-replied"); // RFC 3834 5
  fields.raw("X-Auto-Response-Suppress", "All");
  if (request.original.tls == smtp::tls_wish::optional) fields.raw("TLS-Required", "No"); // RFC 8689 6

  std::vector<mime::written_part> parts;
  parts.push_back(mime::text_part(notice_text(request, header)));
  parts.push_back(mime::embedded_part(utf8 ? "message/global-delivery-status" : "message/delivery-status",
                                      status_fields(request, utf8)));
  parts.push_back(returned_part(returned, whole, utf8));
  const auto boundary = mime::make_boundary(request.random, parts);
  const auto content = mime::multipart("report", {{"report-type", "delivery-status"}}, parts, boundary);

  composed_message out;
  out.message = mime::write_message(fields, content);
  auto& whom = out.envelope.recipients.emplace_back();
  whom.address = to;
  whom.notify = smtp::notify_never;        // RFC 3461 4.1, RFC 3464 2
  out.envelope.tls = request.original.tls; // RFC 8689 5, 6
  out.envelope.is_own_report = request.to.empty();
  out.envelope.smtp_utf8 = utf8 || !is_ascii(to);
  out.envelope.body = is_ascii(out.message) ? smtp::body_type::seven_bit : smtp::body_type::eight_bit_mime;
  return out;
}

} // namespace stagepost::report
