#include "protocols/base/text.hpp"
#include "protocols/smtp_client/command.hpp"
#include "protocols/smtp_client/machine.hpp"

#include <algorithm>
#include <set>

namespace stagepost::smtp_client {

namespace {

/// Commands whose replies may be under way. Those replies must fit into the buffers between us and the peer,
/// or both would wait for each other (RFC 2920 3.1).
constexpr size_t max_open_commands = 100;

outcome refuse(stage at, status_code status, std::string_view reason) {
  return own_decision(fate::permanent, at, status, std::string(reason));
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string{} : ascii_lower(address.substr(at + 1));
}

} // namespace

void session::machine::begin(transaction what) {
  mail = std::move(what);
  undecided.assign(mail.envelope.recipients.size(), std::nullopt);
  chosen.clear();
  accepted.clear();
  next_rcpt = 0;
  mail_sent = mail_refused = data_sent = false;
  body_wanted = body_sent = nobody_takes_it = false;
  open_chunks = 0;
  newlines = {};
  dots = {};
  now = phase::envelope;
  chunked = peer.chunking && (settings.use_chunking || mail.envelope.body == smtp::body_type::binary_mime);
  if (!peer.smtp_utf8) spell_domains_in_ascii();
  if (const auto why = refusal_of_all())
    decide_rest(*why);
  else
    choose_recipients();
  if (chosen.empty()) return finish_transaction();
  pump();
}

void session::machine::spell_domains_in_ascii() {
  mail.envelope.sender = ascii_form(mail.envelope.sender);
  for (auto& one : mail.envelope.recipients) one.address = ascii_form(one.address);
}

/// What the peer cannot take whoever it is for.
std::optional<outcome> session::machine::refusal_of_all() const {
  const auto& envelope = mail.envelope;
  if (!is_sendable(envelope.sender, true))
    return refuse(stage::mail, {5, 1, 7}, "The sender's address is malformed");
  // RFC 1870 6.1
  if (peer.max_size_bytes != 0 && mail.size_bytes > peer.max_size_bytes)
    return refuse(stage::mail, {5, 3, 4},
                  "The message has " + std::to_string(mail.size_bytes) + " octets, the server takes " +
                      std::to_string(peer.max_size_bytes));
  // RFC 3030 3 and RFC 6152 3: convert it or give it back. Who could convert it did so before.
  const bool unfit = envelope.body == smtp::body_type::binary_mime      ? !peer.binary_mime
                     : envelope.body == smtp::body_type::eight_bit_mime ? !peer.eight_bit_mime
                                                                        : false;
  if (unfit) return refuse(stage::mail, {5, 6, 3}, "The server cannot take the content as it is");
  // RFC 8689 4.2.1
  if (mail.require_tls && !takes_require_tls() && !envelope.sender.empty())
    return refuse(stage::mail, {5, 7, 30},
                  "The message must go over TLS all its way, which the server does not offer");
  if (peer.smtp_utf8) return std::nullopt;
  // RFC 6531 3.5
  if (!is_ascii(envelope.sender))
    return refuse(stage::mail, {5, 6, 7}, "The server takes no sender address with characters outside ASCII");
  if (mail.header_utf8)
    return refuse(stage::mail, {5, 6, 9}, "The server takes no header with characters outside ASCII");
  return std::nullopt;
}

std::optional<outcome> session::machine::refusal_of(const smtp::recipient& whom) const {
  if (!is_sendable(whom.address, false)) return refuse(stage::rcpt, {5, 1, 3}, "The address is malformed");
  if (!peer.smtp_utf8 && !is_ascii(whom.address))
    return refuse(stage::rcpt, {5, 6, 7}, "The server takes no address with characters outside ASCII");
  return std::nullopt;
}

void session::machine::choose_recipients() {
  auto limit = std::max<size_t>(1, settings.max_recipients);
  if (peer.max_recipients != 0) limit = std::min<size_t>(limit, peer.max_recipients);
  std::set<std::string> domains;
  const auto& recipients = mail.envelope.recipients;
  for (size_t i = 0; i < recipients.size(); ++i) {
    if (auto why = refusal_of(recipients[i])) {
      decide(i, std::move(*why));
      continue;
    }
    bool full = chosen.size() >= limit;
    if (!full && peer.max_recipient_domains != 0) {
      const auto domain = domain_of(recipients[i].address);
      full = domains.size() >= peer.max_recipient_domains && !domains.contains(domain);
      if (!full) domains.insert(domain);
    }
    if (full)
      decide(i,
             own_decision(fate::next_transaction, stage::rcpt, {4, 5, 3}, "Sent with the next transaction"));
    else
      chosen.push_back(i);
  }
}

void session::machine::pump() {
  // Topped up by halves, so that each reply does not make a packet.
  if (peer.pipelining && waiting.size() > max_open_commands / 2) return;
  const size_t window = peer.pipelining ? max_open_commands : 1;
  while (now == phase::envelope && waiting.size() < window && send_next_command()) {
  }
}

bool session::machine::send_next_command() {
  if (reset_needed) {
    reset_needed = false;
    ask("RSET\r\n", stage::reset);
    return true;
  }
  const bool utf8 = peer.smtp_utf8 &&
                    (mail.envelope.smtp_utf8 || mail.header_utf8 || !is_ascii(mail.envelope.sender) ||
                     std::any_of(chosen.begin(), chosen.end(),
                                 [&](size_t i) { return !is_ascii(mail.envelope.recipients[i].address); }));
  if (!mail_sent) {
    mail_sent = true;
    const bool require_tls = mail.require_tls && takes_require_tls();
    ask(mail_line({mail.envelope, peer, mail.size_bytes, require_tls, utf8}), stage::mail);
    return true;
  }
  if (mail_refused) return false;
  if (next_rcpt < chosen.size()) {
    const auto one = chosen[next_rcpt++];
    ask(rcpt_line(mail.envelope.recipients[one], peer, utf8), stage::rcpt, one);
    return true;
  }
  if (!may_send_data()) return false;
  data_sent = true;
  if (chunked) {
    begin_content();
    return false;
  }
  ask("DATA\r\n", stage::data);
  return true;
}

bool session::machine::may_send_data() const {
  if (data_sent || mail.asks_only) return false;
  // DATA may close a group of commands (RFC 2920 3.1). Chunks would be sent for nothing if nobody takes them,
  // and with LMTP the number of replies depends on who does.
  if (!chunked && peer.pipelining && !is_lmtp()) return !waiting.empty() || !accepted.empty();
  return waiting.empty() && !accepted.empty();
}

void session::machine::on_reset(const remote_reply& reply) {
  if (reply.code / 100 != 2) return give_up(outcome_of(stage::reset, reply));
  pump();
}

void session::machine::on_mail(const remote_reply& reply) {
  auto what = outcome_of(stage::mail, reply);
  if (reply.code / 100 == 3) return lose(outcome_of(connection_failure::garbage, stage::mail));
  if (what.fate != fate::delivered) {
    mail_refused = true; // what was sent behind it gets replies all the same
    decide_rest(what);
  }
  pump();
  finish_if_done();
}

void session::machine::on_rcpt(const remote_reply& reply, size_t recipient) {
  if (reply.code / 100 == 3) return lose(outcome_of(connection_failure::garbage, stage::rcpt));
  auto what = outcome_of(stage::rcpt, reply);
  if (what.fate == fate::delivered) {
    // After a refused MAIL a server may still nod; nobody is delivered to by that.
    if (mail.asks_only)
      decide(recipient, std::move(what));
    else if (!mail_refused)
      accepted.push_back(recipient);
  } else {
    // RFC 5321 4.5.3.1.10: this one and those behind it are sent once the others are through.
    if (!accepted.empty() && is_too_many_recipients(reply)) what.fate = fate::next_transaction;
    decide(recipient, std::move(what));
  }
  pump();
  finish_if_done();
}

void session::machine::on_data(const remote_reply& reply) {
  if (reply.code == 354) {
    if (!accepted.empty()) return begin_content();
    // RFC 2920 3.1: a server may say 354 although it took no recipient. An empty content gets us out; with
    // LMTP, where no replies would come to that, DATA is not sent so early.
    nobody_takes_it = true;
    body_sent = true;
    now = phase::ending;
    return ask(".\r\n", stage::content);
  }
  if (reply.code / 100 < 4) return lose(outcome_of(connection_failure::garbage, stage::data));
  decide_accepted(outcome_of(stage::data, reply));
  finish_if_done();
}

void session::machine::decide(size_t recipient, outcome what) {
  if (!undecided[recipient]) undecided[recipient] = std::move(what);
}

void session::machine::decide_accepted(const outcome& what) {
  for (const auto one : accepted) decide(one, what);
}

void session::machine::decide_rest(const outcome& what) {
  for (size_t i = 0; i < undecided.size(); ++i) decide(i, what);
}

/// Ends a transaction that came to nothing: everybody is decided, and the peer owes no reply.
void session::machine::finish_if_done() {
  if (!in_transaction() || !waiting.empty()) return;
  if (!std::all_of(undecided.begin(), undecided.end(), [](const auto& one) { return one.has_value(); }))
    return;
  if (mail_sent) reset_needed = true;
  finish_transaction();
}

void session::machine::finish_transaction() {
  finished end;
  end.peer_reports = peer.dsn;
  for (auto& one : undecided) end.outcomes.push_back(std::move(*one));
  undecided.clear();
  mail = {};
  if (mail_sent) ++transactions;
  body_wanted = false;
  out.push_back(std::move(end));
  if (now == phase::quitting) return;
  // RFC 9422 4.1
  if (peer.max_transactions != 0 && transactions >= peer.max_transactions) {
    say("QUIT\r\n");
    return hang_up();
  }
  become_ready();
}

} // namespace stagepost::smtp_client
