#include "protocols/smtp_client/machine.hpp"

namespace stagepost::smtp_client {

namespace {

/// Chunks on their way without a reply, where the peer lets us (RFC 3030 4.2). A refusal comes that much
/// later.
constexpr size_t max_open_chunks = 4;

} // namespace

void session::machine::begin_content() {
  now = phase::content;
  ask_for_body();
}

void session::machine::ask_for_body() {
  // LMTP: whether the last chunk gets one reply or one for each recipient must not depend on an earlier
  // failure.
  const size_t window = peer.pipelining && !is_lmtp() ? max_open_chunks : 1;
  if (body_wanted || body_sent || (chunked && open_chunks >= window)) return;
  body_wanted = true;
  out.push_back(want_body{});
}

void session::machine::send_piece(bytes_view piece, bool last) {
  if (mail.envelope.body != smtp::body_type::binary_mime &&
      (!newlines.feed(piece) || (last && !newlines.finish()))) {
    // Without its end the peer throws the content away (RFC 5321 4.5.3.2.6, RFC 3030 2).
    return lose(own_decision(fate::permanent, stage::content, {5, 6, 3},
                             "The content has a bare CR or LF, which the server cannot be given"));
  }
  if (chunked) return send_chunk(piece, last);
  bytes text;
  dots.feed(piece, text);
  if (last) dots.finish(text);
  if (!text.empty()) say(text);
  if (!last) return ask_for_body();
  body_sent = true;
  expect_end();
}

void session::machine::send_chunk(bytes_view piece, bool last) {
  if (piece.empty() && !last) return ask_for_body();
  say("BDAT " + std::to_string(piece.size()) + (last ? " LAST\r\n" : "\r\n"));
  say(piece);
  if (last) {
    body_sent = true;
    return expect_end();
  }
  waiting.push_back({stage::content});
  ++open_chunks;
  ask_for_body();
}

void session::machine::expect_end() {
  now = phase::ending;
  if (!is_lmtp()) return waiting.push_back({stage::content});
  for (const auto one : accepted) waiting.push_back({stage::content, one}); // RFC 2033 4.2
}

void session::machine::on_content(const remote_reply& reply, size_t recipient) {
  if (open_chunks > 0) return on_chunk(reply);
  if (reply.code / 100 == 3) return lose(outcome_of(connection_failure::garbage, stage::content));
  const auto what = outcome_of(stage::content, reply);
  if (nobody_takes_it) return finish_if_done();
  if (is_lmtp())
    decide(recipient, what);
  else
    decide_accepted(what);
  if (!waiting.empty()) return;
  // After the last reply the peer's buffers are empty (RFC 5321 4.1.1.4), whatever it said.
  finish_transaction();
}

/// The reply to a chunk that is not the last.
void session::machine::on_chunk(const remote_reply& reply) {
  --open_chunks;
  if (reply.code / 100 == 2) {
    if (now == phase::content) ask_for_body();
    return;
  }
  if (reply.code / 100 == 3) return lose(outcome_of(connection_failure::garbage, stage::content));
  // RFC 3030 2: the transaction has failed; what was sent behind the chunk is refused as well.
  decide_accepted(outcome_of(stage::content, reply));
  now = phase::ending;
  body_wanted = false;
  finish_if_done();
}

/// Nothing was asked.
void session::machine::on_early_reply(const remote_reply& reply) {
  // A server that has seen enough says so and will not listen to the rest; the connection is of no use then.
  // A success before the end is no success.
  const bool refused = now == phase::content && reply.code / 100 >= 4;
  lose(refused ? outcome_of(stage::content, reply)
               : outcome_of(connection_failure::garbage, current_stage(), "a reply to nothing"));
}

} // namespace stagepost::smtp_client
