// What reads reports and headers of others, and what is written from them. Aborts when a promise of the
// headers is broken.
#include "protocols/base/text.hpp"
#include "protocols/report/auto_reply.hpp"
#include "protocols/report/dsn.hpp"
#include "protocols/report/dsn_parser.hpp"

#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::report;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_report(bytes_view message) {
  const auto told = parse_dsn(message);
  if (!told) return;
  require(!told->recipients.empty() && told->recipients.size() <= max_told_recipients);
  for (const auto& one : told->recipients) {
    require(!one.final_recipient.empty() && !one.action.empty());
    require(one.diagnostic.find_first_of("\r\n") == one.diagnostic.npos);
  }
}

/// A report about whatever was said and returned can be read again and has lines that may be sent.
void write_report(bytes_view said, bytes_view returned, bool utf8, bool whole) {
  dsn_request request;
  request.reporting_host = "mail.example.test";
  request.original.sender = "ann@example.test";
  request.original.smtp_utf8 = utf8;
  request.message_id = "1@mail.example.test";
  request.random = bytes(24, 'r');
  auto& one = request.recipients.emplace_back();
  one.who.address = "bob@server.example";
  smtp_client::reply_reader reader;
  auto reply = reader.feed(said);
  one.why = smtp_client::outcome_of(smtp_client::stage::rcpt,
                                    reply.value_or(smtp_client::remote_reply{550, {}, "no"}));
  const auto written = compose_dsn(request, returned, whole);
  require(written.has_value());
  require(written->envelope.sender.empty() && written->envelope.recipients.size() == 1);
  const auto told = parse_dsn(written->message);
  // The returned message comes behind the fields: they are read however long it is.
  require(told && told->recipients.size() == 1 &&
          told->recipients[0].final_recipient == "bob@server.example");
}

void answer(bytes_view header) {
  incoming_message message;
  message.sender = "ann@example.test";
  message.header = header;
  message.own_addresses = {"bob@server.example"};
  obstacle_to_reply(message);
  require(addressees(header, 5).size() <= 5);
  auto_reply reply;
  reply.from = "bob@server.example";
  reply.to = message.sender;
  reply.message_id = "2@server.example";
  const auto written = compose_auto_reply(reply, header);
  message.header = written.message;
  require(obstacle_to_reply(message) == reply_obstacle::automatic);
}

} // namespace

/// The first line is a server's reply, what follows a message.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view input(reinterpret_cast<const char*>(data), size);
  read_report(input);
  answer(input);
  auto message = input;
  const auto newline = input.find('\n');
  message.remove_prefix(newline == input.npos ? 0 : newline + 1);
  write_report(input, message, size % 2 == 0, size % 3 == 0);
  return 0;
}
