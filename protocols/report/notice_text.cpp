#include "protocols/report/notice_text.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/report/explanation.hpp"
#include "protocols/report/header_values.hpp"

#include <algorithm>

namespace stagepost::report {

namespace {

constexpr size_t width = 76;
constexpr size_t max_listed = 100; ///< recipients explained one by one
constexpr size_t max_subject_octets = 200;

/// Nothing that comes from outside ends a line.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

void append_wrapped(std::string& out, std::string_view indent, std::string_view given) {
  const auto line = one_line(given);
  std::string_view text = line;
  size_t column = 0;
  while (!text.empty()) {
    const auto word = take_until(text, ' ');
    if (word.empty()) continue;
    if (column != 0 && column + 1 + word.size() > width) {
      out.push_back('\n');
      column = 0;
    }
    out += column == 0 ? indent : " ";
    out += word;
    column += (column == 0 ? indent.size() : 1) + word.size();
  }
  out.push_back('\n');
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string{} : std::string(address.substr(at + 1));
}

/// A reply may have several lines, each as the server wrote it.
void append_reply(std::string& out, const reported_recipient& one) {
  const auto& reply = one.why.reply;
  append_wrapped(out, "    ",
                 (one.remote_host.empty() ? std::string("The server") : "The server " + one.remote_host) +
                     " said, in answer to " + std::string(smtp_client::to_string(one.why.at)) + ":");
  append_wrapped(out, "        ", smtp_client::to_string(reply));
}

void append_recipient(std::string& out, const reported_recipient& one) {
  out += "\n<" + one_line(one.who.address) + ">\n";
  if (one.action == delivery_action::delivered)
    return append_wrapped(out, "    ", "The message is in the mailbox.");
  if (one.action == delivery_action::relayed)
    return append_wrapped(
        out, "    ",
        "The message was handed to " +
            (one.remote_host.empty() ? std::string("the next server") : one.remote_host) +
            ", which sends no such reports. Nothing more will be heard of it unless it fails.");
  const auto text = explain(one.why, domain_of(one.who.address));
  append_wrapped(out, "    ", text.what);
  if (one.action == delivery_action::failed && !text.advice.empty()) append_wrapped(out, "    ", text.advice);
  if (one.why.reply.code != 0)
    append_reply(out, one);
  else if (!one.why.reason.empty())
    append_wrapped(out, "    ", "(" + one.why.reason + ")");
  if (one.action == delivery_action::delayed && one.retries_until != instant{})
    append_wrapped(out, "    ", "It is tried until " + mime::format_date({one.retries_until}) + ".");
}

std::string_view opening(delivery_action worst) {
  switch (worst) {
  case delivery_action::failed:
    return "Your message could not be delivered to the recipients below. It will not be tried again for "
           "them.";
  case delivery_action::delayed:
    return "Your message has not been delivered to the recipients below yet. It will go on being tried: "
           "there is "
           "nothing you must do, and no need to send it again.";
  case delivery_action::delivered:
  case delivery_action::relayed: break;
  }
  return "You asked to be told when your message was delivered. This is what became of it.";
}

std::string field_text(bytes_view header, std::string_view name) {
  const auto field = mime::find_field(header, name);
  return field ? mime::decode_header_text(field->value) : std::string{};
}

} // namespace

delivery_action worst_action(const dsn_request& request) {
  auto out = delivery_action::relayed;
  for (const auto& one : request.recipients) out = std::min(out, one.action);
  return out;
}

std::string original_subject(bytes_view header) {
  return shortened(field_text(header, "Subject"), max_subject_octets);
}

std::string notice_text(const dsn_request& request, bytes_view returned_header) {
  std::string out = "This is the mail server " + request.reporting_host + ".\n\n";
  append_wrapped(out, "", opening(worst_action(request)));
  const auto subject = original_subject(returned_header);
  const auto date = field_text(returned_header, "Date");
  if (!subject.empty()) out += "\nSubject: " + subject + "\n";
  if (!date.empty()) out += (subject.empty() ? "\nDate: " : "Date: ") + shortened(date, 100) + "\n";
  // The worst first: it is what must be read.
  std::vector<const reported_recipient*> order;
  for (const auto& one : request.recipients) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->action < b->action; });
  for (size_t i = 0; i < order.size() && i < max_listed; ++i) append_recipient(out, *order[i]);
  if (order.size() > max_listed)
    out += "\nand " + std::to_string(order.size() - max_listed) + " more, listed in the attached report.\n";
  if (!request.queue_id.empty()) out += "\nFor the administrator: message " + request.queue_id + "\n";
  return out;
}

} // namespace stagepost::report
