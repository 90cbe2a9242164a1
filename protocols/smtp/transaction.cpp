#include "protocols/smtp/machine.hpp"
#include "protocols/smtp/parser.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

constexpr size_t least_recipients = 100; // RFC 5321 4.5.3.1.8

} // namespace

uint64_t session::machine::max_message_size_bytes() const {
  const auto a = settings.max_message_size_bytes, b = account_size_limit_bytes;
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

size_t session::machine::max_recipients() const {
  const auto listener = std::max(settings.max_recipients, least_recipients);
  // What an account may do is policy, not a limit of the protocol, so it may be lower.
  return account_recipient_limit == 0 ? listener : std::min(listener, account_recipient_limit);
}

void session::machine::on_mail(std::string_view argument) {
  if (hello_name.empty()) return say(reply_kind::hello_first);
  if (is_submission() && account.empty()) return say(reply_kind::login_first); // RFC 6409 4.3
  if (has_sender) return say(reply_kind::sender_twice);
  auto given = parse_mail(argument);
  if (!given) return complain(given.error().code);
  // Taken in the clear it would promise what is broken already.
  if (given->require_tls && !offers_require_tls()) return complain(reply_kind::unknown_parameter);
  const auto limit = max_message_size_bytes();
  if (limit != 0 && given->size_bytes > limit) return say(reply_kind::message_too_large); // RFC 1870 6.1
  // A bounce or a receipt has no sender and is nobody's forgery.
  if (!account.empty() && !given->sender.empty() &&
      !fits_sender(settings.match, account, given->sender, account_domains))
    return say(reply_kind::sender_not_owned);
  envelope = {.sender = std::move(given->sender),
              .recipients = {},
              .body = given->body,
              .smtp_utf8 = given->smtp_utf8,
              .ret = given->ret,
              .envelope_id = std::move(given->envelope_id)};
  if (given->require_tls) envelope.tls = tls_wish::required;
  ask(question::sender, check_sender{envelope.sender, given->size_bytes});
}

actions session::on_sender(verdict answer, std::string_view detail) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::sender)) return {};
  m.has_sender = answer == verdict::accepted;
  if (m.has_sender)
    m.say(reply_kind::sender_okay);
  else
    m.say(refusal_of(answer), detail);
  m.take({});
  return m.take_out();
}

void session::machine::on_rcpt(std::string_view argument) {
  if (!has_sender)
    return say(is_submission() && account.empty() ? reply_kind::login_first : reply_kind::sender_first);
  if (intake) return say(reply_kind::chunks_begun);
  auto given = parse_rcpt(argument, envelope.smtp_utf8);
  if (!given) return complain(given.error().code);
  if (envelope.recipients.size() >= max_recipients()) return say(reply_kind::too_many_recipients);
  envelope.recipients.push_back(std::move(*given));
  ask(question::recipient, look_up_recipient{envelope.recipients.back().address});
}

actions session::on_recipient(verdict answer, std::string_view detail) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::recipient)) return {};
  if (answer == verdict::accepted) {
    m.say(reply_kind::recipient_okay);
  } else {
    m.envelope.recipients.pop_back();
    const bool bad = answer == verdict::unknown_user || answer == verdict::unknown_domain_here;
    if (bad && ++m.bad_recipients == m.settings.max_bad_recipients) // somebody tries names
      m.hang_up(reply_kind::too_many_bad_recipients);
    else
      m.say(refusal_of(answer), detail);
  }
  m.take({});
  return m.take_out();
}

void session::machine::on_verify(const command& given) {
  const bool is_list = given.verb == verb::expn;
  if (is_submission() && account.empty()) return say(reply_kind::login_first);
  if (is_list && !settings.expn) return say(reply_kind::not_implemented);
  if (given.argument.empty()) return complain(reply_kind::syntax_error);
  if (!is_list && !settings.vrfy) return say(reply_kind::cannot_verify); // RFC 5321 7.3
  ask(question::expanded, expand{std::string(given.argument), is_list});
}

actions session::on_expanded(verdict answer, const std::vector<std::string>& addresses) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::expanded)) return {};
  if (answer != verdict::accepted) {
    m.say(refusal_of(answer));
  } else if (addresses.empty()) {
    m.say(reply_kind::cannot_verify);
  } else {
    for (const auto& address : addresses)
      m.say((&address == &addresses.back() ? "250 2.1.5 <" : "250-2.1.5 <") + address + ">\r\n");
  }
  m.take({});
  return m.take_out();
}

void session::machine::reset_transaction() {
  if (intake) intake->abandon(out);
  intake.reset();
  has_sender = false;
  envelope = {};
  queue_id = {};
  leaves = false;
}

} // namespace stagepost::smtp
