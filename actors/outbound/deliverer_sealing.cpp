#include "actors/log/log.hpp"
#include "actors/outbound/deliverer.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/dns/answer.hpp"
#include "protocols/mailauth/arc_sealer.hpp"
#include "protocols/mailauth/message_check.hpp"
#include "protocols/mailauth/method_results.hpp"

#include <chrono>

// What a message says of itself when users of ours have it sent on: what we found when it came (RFC 8617), so
// that the next server may believe it although our address is not one of its sender's, and what we add breaks
// his signature.

namespace stagepost::outbound {

namespace {

namespace client = smtp_client;
using steady = std::chrono::steady_clock;

/// For all look-ups of a message together: the other server waits meanwhile, and what is missing counts as a
/// look-up that failed.
constexpr auto patience_for_checks = std::chrono::seconds(30);

} // namespace

net::task<> deliverer::read_through(leaving_content& content, const std::function<void(bytes_view)>& take) {
  bytes piece, out;
  for (uint32_t i = 0; i < job_->chunks; ++i) {
    piece = co_await read_piece(i);
    if (body_lost_) co_return;
    out.clear();
    content.feed(piece, out);
    if (i + 1 == job_->chunks) content.finish(out);
    take(out);
    if (job_->chunks == 1) first_piece_ = std::move(piece);
  }
}

net::task<mailauth::answer> deliverer::look_up(const mailauth::question& asked) {
  mailauth::answer said; // a failure
  if (!with_->resolver || steady::now() >= checks_end_at_) co_return said;
  resolver::look_up order{dns::from_mailauth(asked)};
  auto found = co_await net::ask<resolver::looked_up>(this, with_->resolver, order);
  if (found) said = dns::for_mailauth(found->said);
  co_return said;
}

/// SPF of who handed it to us (RFC 7208), as it was then: what it leaves with is another matter.
net::task<mailauth::method_result> deliverer::check_origin(mailauth::ip_address address) {
  const auto& from = job_->envelope.origin;
  mailauth::spf::query about;
  about.client = address;
  about.helo = from.helo;
  about.mail_from = from.mail_from.empty() ? job_->envelope.sender : from.mail_from;
  about.receiver = with_->host_name;
  about.now = wall_clock();
  mailauth::spf::check checking(about);
  for (auto asked = checking.questions(); !asked.empty(); asked = checking.questions())
    for (const auto& each : asked) {
      auto said = co_await look_up(each);
      checking.give(each, std::move(said));
    }
  co_return mailauth::describe(checking.result());
}

net::task<std::optional<deliverer::checked_message>> deliverer::check_message() {
  mailauth::dkim::verification_rules rules;
  rules.now = wall_clock();
  mailauth::message_check checking(rules);
  leaving_content stored; // as it came, whatever it is made into for this peer
  const std::function<void(bytes_view)> feed = [&checking](bytes_view octets) { checking.feed(octets); };
  co_await read_through(stored, feed);
  if (body_lost_) co_return std::nullopt;
  checking.end();
  checks_end_at_ = steady::now() + patience_for_checks;
  const auto questions = checking.questions();
  for (const auto& each : questions) {
    auto said = co_await look_up(each);
    checking.give(each, said);
  }
  auto found = checking.finish();
  // To seal that a chain is broken breaks it for good, so that is not said for want of an answer.
  if (!found || found->chain.key_unavailable) {
    log::warn("queue {}: not sealed: {}", job_->message.id.value,
              found ? "a key of its ARC chain cannot be looked up now" : "its header is too large");
    co_return std::nullopt;
  }
  mailauth::authentication_results all{with_->host_name};
  if (const auto address = mailauth::parse_client_address(job_->envelope.origin.client)) {
    auto one = co_await check_origin(*address);
    all.results.push_back(std::move(one));
  }
  if (!job_->message.authenticated_as.empty()) all.results.push_back({.method = "auth", .result = "pass"});
  for (auto& each : mailauth::describe(found->signatures)) all.results.push_back(std::move(each));
  all.results.push_back(mailauth::describe(found->chain));
  checked_message made{found->chain.result, mailauth::write_results(all)};
  co_return made;
}

net::task<std::optional<client::outcome>> deliverer::seal() {
  const auto& user = job_->envelope.forwarded_for.front();
  domain::find_signers question{user.substr(user.rfind('@') + 1)};
  auto signers = co_await net::ask<domain::signers_found>(this, with_->directory, question);
  if (!signers || !signers->done)
    co_return client::own_decision(client::fate::temporary, client::stage::mail, {4, 3, 0},
                                   "The keys that seal forwarded mail of this domain are not at hand");
  if (signers->signers->empty()) co_return std::nullopt; // DLV-13: the domain puts its name to nothing
  const auto checked = co_await check_message();
  if (!checked) co_return std::nullopt;

  const auto& key = signers->signers->front(); // RSA where there is one: RFC 8617 knows no other
  mailauth::message_parts parts;
  std::optional<mailauth::arc::sealer> sealing;
  const auto begin = [&] {
    mailauth::arc::sealing_settings settings{key.domain, key.selector, key.key};
    sealing.emplace(parts.header(), std::move(settings), checked->chain, checked->results, wall_clock());
  };
  const std::function<void(bytes_view)> take = [&](bytes_view octets) {
    const auto body = parts.feed(octets);
    if (parts.has_header() && !sealing) begin();
    if (sealing) sealing->feed_body(body);
  };
  take(in_front_);
  auto leaving = *content_; // what is sent later begins at the beginning
  co_await read_through(leaving, take);
  if (body_lost_ || parts.is_too_large()) co_return std::nullopt;
  if (!sealing) begin(); // a header alone
  auto set = sealing->finish();
  if (set)
    in_front_.insert(0, *set);
  else
    log::warn("queue {}: not sealed: {} {}", job_->message.id.value,
              mailauth::dkim::to_string(set.error().code), set.error().detail);
  co_return std::nullopt;
}

} // namespace stagepost::outbound
