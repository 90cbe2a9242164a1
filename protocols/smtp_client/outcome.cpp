#include "protocols/smtp_client/outcome.hpp"

namespace stagepost::smtp_client {

namespace {

/// RFC 7504: 521 of a host and 556 of a domain that take no mail.
bool takes_no_mail(const remote_reply& reply) { return reply.code == 521 || reply.code == 556; }

/// The status that a plain code comes nearest to (RFC 3463, RFC 5248).
status_code status_for(stage at, uint16_t code) {
  const auto grade = uint8_t(code / 100 == 3 ? 4 : code / 100);
  switch (code) {
  case 421: return {4, 3, 2};
  case 452: return {4, 3, 1};
  case 454: return {4, 7, 0};
  case 500:
  case 502:
  case 503: return {5, 5, 1};
  case 501: return {5, 5, 2};
  case 504: return {5, 5, 4};
  case 521:
  case 556: return {5, 1, 10};
  case 530:
  case 534: return {5, 7, 0};
  case 535: return {5, 7, 8};
  case 551: return {5, 1, 6};
  case 552: return at == stage::rcpt ? status_code{5, 2, 2} : status_code{5, 3, 4};
  case 553: return {5, 1, 3};
  case 555: return {5, 5, 4};
  default: break;
  }
  if (grade == 2) return at == stage::rcpt ? status_code{2, 1, 5} : status_code{2, 0, 0};
  return {grade, 0, 0};
}

/// Each of many recipients has a copy. Cut between two characters.
std::string shortened(std::string text) {
  constexpr size_t max_kept_octets = 2000;
  if (text.size() <= max_kept_octets) return text;
  size_t end = max_kept_octets;
  while (end > 0 && (uint8_t(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

bool is_before_mail(stage at) { return at < stage::mail || at > stage::content; }

struct failure_text {
  status_code status;
  std::string_view reason;
};

failure_text text_of(lookup_failure why) {
  switch (why) {
  case lookup_failure::no_such_domain: return {{4, 1, 2}, "The domain does not exist"};
  case lookup_failure::no_mail_host: return {{4, 4, 4}, "The domain has no mail server"};
  case lookup_failure::null_mx: return {{5, 1, 10}, "The domain does not accept mail"};
  case lookup_failure::malformed_domain: return {{5, 1, 2}, "This is no valid domain name"};
  case lookup_failure::server_failure: return {{4, 4, 3}, "The name servers of the domain gave no answer"};
  case lookup_failure::timed_out: return {{4, 4, 3}, "The name servers of the domain did not answer in time"};
  case lookup_failure::bogus:
    return {{4, 7, 0}, "The answer of the name servers is not signed as it must be"};
  case lookup_failure::leads_to_us:
    return {{5, 4, 6}, "Mail for the domain is sent here, where it is unknown"};
  }
  return {{4, 0, 0}, {}};
}

failure_text text_of(connection_failure why) {
  switch (why) {
  case connection_failure::refused: return {{4, 4, 1}, "The server refused the connection"};
  case connection_failure::unreachable: return {{4, 4, 1}, "The server cannot be reached"};
  case connection_failure::timed_out: return {{4, 4, 2}, "The server did not answer in time"};
  case connection_failure::closed: return {{4, 4, 2}, "The connection was lost"};
  case connection_failure::tls_not_offered: return {{4, 7, 4}, "The server offers no TLS, which is required"};
  case connection_failure::tls_failed: return {{4, 7, 5}, "No TLS connection could be made"};
  case connection_failure::tls_not_trusted: return {{4, 7, 5}, "The server's certificate is not trusted"};
  case connection_failure::garbage: return {{4, 5, 0}, "The server does not speak the protocol"};
  case connection_failure::no_mechanism:
    return {{4, 7, 4}, "The server offers no way to log in that may be used"};
  case connection_failure::stopped: return {{4, 3, 2}, "The delivery was stopped here"};
  }
  return {{4, 0, 0}, {}};
}

} // namespace

std::string_view to_string(stage at) {
  switch (at) {
  case stage::routing: return "routing";
  case stage::connect: return "connect";
  case stage::greeting: return "greeting";
  case stage::hello: return "EHLO";
  case stage::start_tls: return "STARTTLS";
  case stage::login: return "AUTH";
  case stage::mail: return "MAIL FROM";
  case stage::rcpt: return "RCPT TO";
  case stage::data: return "DATA";
  case stage::content: return "end of message";
  case stage::reset: return "RSET";
  case stage::idle: return "idle";
  case stage::quit: return "QUIT";
  }
  return "unknown";
}

bool is_too_many_recipients(const remote_reply& reply) {
  if (reply.code != 452 && reply.code != 552) return false;
  return !reply.status || (reply.status.subject == 5 && reply.status.detail == 3);
}

outcome outcome_of(stage at, const remote_reply& reply) {
  outcome out;
  out.at = at;
  out.reply = reply;
  out.reply.text = shortened(std::move(out.reply.text));
  out.status = reply.status ? reply.status : status_for(at, reply.code);
  const auto grade = reply.code / 100;
  if (grade == 2) {
    out.fate = fate::delivered;
  } else if (grade != 5) {
    out.fate = fate::temporary;
  } else if (at == stage::rcpt && is_too_many_recipients(reply)) {
    out.fate = fate::temporary; // RFC 5321 4.5.3.1.10
    out.status = {4, 5, 3};
  } else if (is_before_mail(at) && !takes_no_mail(reply)) {
    out.fate = fate::temporary;
    out.status = with_grade(out.status, 4);
  } else {
    out.fate = fate::permanent;
  }
  return out;
}

outcome outcome_of(lookup_failure why, std::string_view domain) {
  const auto text = text_of(why);
  auto out = own_decision(text.status.grade == 5 ? fate::permanent : fate::temporary, stage::routing,
                          text.status, std::string(text.reason));
  if (!domain.empty()) out.reason += ": " + std::string(domain);
  out.is_lookup_failure = true;
  out.is_missing = why == lookup_failure::no_such_domain || why == lookup_failure::no_mail_host;
  return out;
}

outcome outcome_of(connection_failure why, stage at, std::string_view detail) {
  const auto text = text_of(why);
  auto out = own_decision(fate::temporary, at, text.status, std::string(text.reason));
  if (!detail.empty()) out.reason += ": " + std::string(detail);
  out.is_ours = why == connection_failure::stopped;
  return out;
}

outcome own_decision(smtp_client::fate fate, stage at, status_code status, std::string reason) {
  outcome out;
  out.fate = fate;
  out.at = at;
  out.status = status;
  out.reason = std::move(reason);
  return out;
}

outcome own_trouble(stage at, std::string reason) {
  auto out = own_decision(fate::temporary, at, {4, 3, 0}, std::move(reason));
  out.is_ours = true;
  return out;
}

outcome expired(outcome last_attempt) {
  const auto subject = subject_of(last_attempt.status);
  const bool says_more = last_attempt.is_lookup_failure || subject == status_subject::addressing ||
                         subject == status_subject::mailbox || subject == status_subject::policy;
  last_attempt.fate = fate::permanent;
  last_attempt.status = says_more ? with_grade(last_attempt.status, 5) : status_code{4, 4, 7};
  return last_attempt;
}

} // namespace stagepost::smtp_client
