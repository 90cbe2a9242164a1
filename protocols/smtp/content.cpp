#include "protocols/smtp/machine.hpp"
#include "protocols/smtp/parser.hpp"
#include "protocols/smtp/received.hpp"

#include <algorithm>

namespace stagepost::smtp {

void session::machine::on_data(std::string_view argument, bool more_follows) {
  // RFC 2920 3.1: DATA ends a group of commands. Whether what follows it is content or commands depends on
  // our answer, so neither is believed.
  if (more_follows) return hang_up(reply_kind::wait_for_reply);
  if (!argument.empty()) return complain(reply_kind::syntax_error);
  if (!has_sender) return say(reply_kind::sender_first);
  if (intake) return say(reply_kind::chunks_begun); // RFC 3030 2
  if (envelope.recipients.empty()) return say(reply_kind::recipient_first);
  if (envelope.body == body_type::binary_mime) return say(reply_kind::binary_needs_chunks); // RFC 3030 3
  ask(question::message_begun, begin_message{envelope});
}

void session::machine::on_bdat(std::string_view argument) {
  const auto given = parse_bdat(argument);
  // Where the octets end is not known, so nothing behind this line can be told to be a command.
  if (!given) return hang_up(reply_kind::syntax_error);
  chunk = *given;
  chunk_size_bytes = given->size_bytes;
  chunk_replies =
      settings.kind == session_kind::lmtp && chunk.last ? std::max<size_t>(1, envelope.recipients.size()) : 1;
  chunk_refusal.reset();
  if (!has_sender)
    chunk_refusal = reply_kind::sender_first;
  else if (envelope.recipients.empty())
    chunk_refusal = reply_kind::recipient_first;
  now_reading = phase::chunk;
  if (!chunk_refusal && !intake) return ask(question::message_begun, begin_message{envelope});
  if (chunk.size_bytes == 0) finish_chunk();
}

actions session::on_message_begun(const message_begun& answer) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::message_begun)) return {};
  const bool chunked = m.now_reading == machine::phase::chunk;
  if (answer.outcome != verdict::accepted) {
    const auto why = refusal_of(answer.outcome);
    m.reset_transaction();
    if (chunked)
      m.chunk_refusal = why; // its octets come all the same
    else
      m.say(why);
  } else {
    m.queue_id = answer.queue_id;
    m.leaves = answer.leaves;
    m.begin_content();
    if (!chunked) {
      m.say(reply_kind::send_content);
      m.now_reading = machine::phase::content;
    }
  }
  if (chunked && m.chunk.size_bytes == 0) m.finish_chunk();
  m.take({});
  return m.take_out();
}

void session::machine::begin_content() { intake = std::make_unique<message_intake>(rules_of_intake()); }

intake_rules session::machine::rules_of_intake() const {
  const bool authenticated = !account.empty();
  const bool append = settings.append_received == received_policy::all ||
                      (settings.append_received == received_policy::authenticated && authenticated);
  header_rules header;
  header.at = now;
  header.client_delivers = settings.kind == session_kind::lmtp;
  header.zone = zone.offset_at(now);
  header.complete = is_submission() || authenticated;
  header.message_id = queue_id + "." + std::to_string(unix_milliseconds(now)) + "@" +
                      settings.host_name; // unique by the queue id
  if (authenticated) {
    header.match = settings.match;
    header.match_address = account;
    header.match_domains = account_domains;
  }
  header.drops_authenticated_as = settings.tells_authenticated || authenticated;
  if (settings.tells_authenticated && leaves) header.authenticated_as = account;
  if (append)
    header.received = received_field(
        {.hello_name = hello_name,
         .client_address = who.address,
         .hides_client = settings.received_hides_client,
         .host_name = settings.host_name,
         .kind = settings.kind,
         .extended = extended,
         .authenticated = authenticated,
         .smtp_utf8 = envelope.smtp_utf8,
         .tls_version = tls.version,
         .tls_cipher = tls.cipher,
         .queue_id = queue_id,
         .only_recipient = envelope.recipients.size() == 1 ? envelope.recipients[0].address : "",
         .at = now});
  return {.bare = settings.bare,
          .max_line_bytes = settings.max_line_bytes,
          .max_header_bytes = settings.max_header_bytes,
          .max_message_size_bytes = max_message_size_bytes(),
          .max_hop_count = settings.max_hop_count,
          .header = std::move(header)};
}

void session::machine::take_content(bytes_view& input) {
  if (!intake->feed_lines(input, out)) return;
  now_reading = phase::command;
  finish_message();
}

void session::machine::take_chunk(bytes_view& input) {
  const auto piece = input.substr(0, size_t(std::min<uint64_t>(chunk.size_bytes, input.size())));
  if (!chunk_refusal) intake->feed_octets(piece, out);
  chunk.size_bytes -= piece.size();
  input.remove_prefix(piece.size());
  if (chunk.size_bytes == 0) finish_chunk();
}

void session::machine::finish_chunk() {
  now_reading = phase::command;
  if (chunk_refusal) {
    for (size_t i = 0; i < chunk_replies; ++i) say(*chunk_refusal);
  } else if (chunk.last) {
    finish_message();
  } else if (intake->refusal()) {
    refuse_content(*intake->refusal(), 1);
  } else {
    say(reply_kind::chunk_okay, std::to_string(chunk_size_bytes));
  }
}

void session::machine::finish_message() {
  // RFC 2033 4.2: one reply for each recipient that was accepted.
  const size_t replies = settings.kind == session_kind::lmtp ? envelope.recipients.size() : 1;
  if (const auto why = intake->finish(out)) return refuse_content(*why, replies);
  envelope.delivered_to = intake->take_delivered_to();
  // RFC 8689 4.1: the parameter of MAIL wins.
  if (envelope.tls == tls_wish::none && intake->makes_tls_optional()) envelope.tls = tls_wish::optional;
  intake.reset();
  chunk_replies = replies;
  ask(question::accepted, accept_message{std::move(envelope)});
}

void session::machine::refuse_content(reply_kind why, size_t replies) {
  reset_transaction();
  for (size_t i = 0; i < replies; ++i) say(why);
}

actions session::on_accepted(const accepted_message& answer) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::accepted)) return {};
  for (size_t i = 0; i < m.chunk_replies; ++i) {
    const auto outcome = i < answer.outcomes.size() ? answer.outcomes[i] : verdict::temporary_failure;
    if (outcome == verdict::accepted)
      m.say(reply_kind::okay, "queued as " + m.queue_id);
    else
      m.say(refusal_of(outcome), answer.detail);
  }
  m.reset_transaction();
  m.take({});
  return m.take_out();
}

} // namespace stagepost::smtp
