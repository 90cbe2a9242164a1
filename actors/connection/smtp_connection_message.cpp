#include "actors/connection/smtp_connection.hpp"

#include "actors/error.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// A message on its way from the client to the spool.

namespace stagepost::connection {

net::task<smtp::actions> smtp_connection::begin(const smtp::begin_message& asked) {
  give_up_body();
  // The shard of the first local recipient: most messages have one, and stay there.
  size_t shard = 0;
  for (const auto& each : recipients_)
    if (each.kind == domain::address_kind::account && each.target.shard < with_->shards.size()) {
      shard = each.target.shard;
      break;
    }
  const auto& into = with_->shards[shard];
  spool::may_accept question{0};
  auto may = co_await net::ask<bool>(this, into.intake, question);
  smtp::message_begun begun;
  if (!may || !*may) {
    begun.outcome = smtp::verdict::out_of_space;
    co_return session_->on_message_begun(begun);
  }
  body_.emplace(into.with);
  body_failed_ = false;
  queue_id_ = into.with.store->next_queue_id(now());
  // RFC 5321 4.4: the final delivery says where the message came from.
  body_->feed(fmt::format("Return-Path: <{}>\r\n", asked.envelope.sender));
  begun.outcome = smtp::verdict::accepted;
  begun.queue_id = to_text(queue_id_);
  // Where an alias leads is not known yet.
  begun.leaves = std::any_of(recipients_.begin(), recipients_.end(), [](const spool::addressee& each) {
    return each.kind != domain::address_kind::account;
  });
  co_return session_->on_message_begun(begun);
}

net::task<> smtp_connection::take(const smtp::write_body& piece) {
  if (!body_ || body_failed_) co_return;
  body_->feed(piece.content);
  while (body_->has_full_chunk()) {
    committer::commit_batch order{body_->take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(this, body_->services().committer, order);
    if (!written) {
      body_failed_ = true;
      co_return;
    }
  }
}

void smtp_connection::give_up_body() {
  give_up(body_);
  give_up(body_made_anew_);
}

void smtp_connection::give_up(std::optional<body_writer>& body) {
  if (!body) return;
  if (auto batch = body->give_up())
    caf::anon_send(body->services().committer, committer::commit_batch{batch, nullptr});
  body.reset();
}

storage::trace_step smtp_connection::trace_of(const smtp::envelope& envelope) const {
  storage::trace_step step{now(), storage::trace_kind::accepted, {}};
  auto& facts = step.facts;
  facts.emplace_back("connection", id_);
  facts.emplace_back("peer", peer_.address);
  facts.emplace_back("helo", session_->helo_name());
  if (stream_.is_secure()) facts.emplace_back("tls", stream_.tls_version() + ' ' + stream_.tls_cipher());
  if (!session_->authenticated_as().empty()) facts.emplace_back("user", session_->authenticated_as());
  facts.emplace_back("from", envelope.sender);
  if (envelope.tls == smtp::tls_wish::required) facts.emplace_back("requires_tls", "REQUIRETLS");
  if (envelope.tls == smtp::tls_wish::optional) facts.emplace_back("tls_optional", "TLS-Required: No");
  // A long list is in the deliveries' own steps.
  for (size_t i = 0; i < std::min<size_t>(envelope.recipients.size(), 20); ++i)
    facts.emplace_back("to", envelope.recipients[i].address);
  if (envelope.recipients.size() > 20)
    facts.emplace_back("recipients", std::to_string(envelope.recipients.size()));
  facts.emplace_back("size", std::to_string(body_->size_bytes()));
  if (!body_->message_id().empty()) facts.emplace_back("message_id", printable(body_->message_id(), 250));
  if (!footer_fate_.empty()) facts.emplace_back("footer", footer_fate_);
  return step;
}

/// A message that says it was delivered to a recipient before has come back to him. Only what came from
/// outside can: so it is asked here, once, of the fields that were read anyway.
void smtp_connection::mark_loops(const smtp::envelope& envelope) {
  if (envelope.delivered_to.empty()) return;
  for (auto& each : recipients_) {
    if (each.kind == domain::address_kind::elsewhere) continue;
    const auto named = smtp::canonical_address(each.recipient.address).value_or("");
    each.delivered_before =
        smtp::was_delivered_to(envelope, named) ||
        (each.kind == domain::address_kind::account && smtp::was_delivered_to(envelope, each.target.address));
  }
}

smtp::origin smtp_connection::origin() const {
  const auto all = with_->settings->get();
  const bool speaks_for_others =
      is_listed(all->smtp_in.auth_exempt_networks) || is_listed(all->smtp_in.whitelisted_networks);
  if (with_->listener.service != conf::service::smtp || !session_->authenticated_as().empty() ||
      speaks_for_others || !conf::parse_ip(peer_.address))
    return {};
  return {peer_.address, session_->helo_name(), {}};
}

spool::accept_message smtp_connection::order_for(const smtp::envelope& envelope) {
  spool::accept_message order;
  order.id = queue_id_;
  order.envelope = envelope;
  order.envelope.recipients.clear();
  order.envelope.origin = origin();
  // RFC 2033 4.2: an LMTP client hears of a loop itself; others only of the message as a whole.
  for (const auto& each : recipients_)
    if (!is_lmtp() || !each.delivered_before) order.recipients.push_back(each);
  order.body = body_->body();
  order.size_bytes = body_->size_bytes();
  order.chunks = body_->chunks();
  order.last_chunk = body_->last_chunk();
  order.digest = body_->digest();
  order.message_id = body_->message_id();
  order.accepted_at = now();
  order.authenticated_as = session_->authenticated_as();
  order.trace.push_back(trace_of(envelope));
  order.try_first = is_lmtp();
  order.counts = charge(order.size_bytes);
  return order;
}

smtp::verdict smtp_connection::verdict_of(spool::first_try how) const {
  switch (how) {
  case spool::first_try::over_quota:
    return with_->settings->get()->smtp_in.over_quota_reply == conf::over_quota_reply::temporary
               ? smtp::verdict::over_quota_temporary
               : smtp::verdict::over_quota_permanent;
  case spool::first_try::unavailable: return smtp::verdict::temporary_failure;
  case spool::first_try::kept:
  case spool::first_try::delivered: break;
  }
  return smtp::verdict::accepted;
}

/// Makes the message last. Answers for each recipient that the session and we know of, in order.
net::task<std::vector<smtp::verdict>> smtp_connection::hand_over(const smtp::accept_message& asked) {
  std::vector<smtp::verdict> all(recipients_.size(), smtp::verdict::out_of_space);
  if (body_failed_) co_return all;
  if (!body_) co_return std::vector(recipients_.size(), smtp::verdict::temporary_failure);
  body_->finish();
  // The session and we count the same recipients in the same order.
  for (size_t i = 0; i < recipients_.size() && i < asked.envelope.recipients.size(); ++i)
    recipients_[i].recipient = asked.envelope.recipients[i];
  mark_loops(asked.envelope);
  const bool all_loop = std::all_of(recipients_.begin(), recipients_.end(),
                                    [](const spool::addressee& each) { return each.delivered_before; });
  if (all_loop) co_return std::vector(recipients_.size(), smtp::verdict::loop_detected);
  const bool has_footer = co_await add_footer();
  if (!has_footer) co_return all;
  auto order = order_for(asked.envelope);
  const auto intake = with_->shards[shard_of(order.body)].intake;
  auto accepted = co_await net::ask<spool::message_accepted>(this, intake, order);
  if (!accepted) {
    const auto code = storage_code(accepted.error());
    const bool full = code == storage::errc::disk_full || code == storage::errc::io_error;
    if (!full) all.assign(all.size(), smtp::verdict::temporary_failure);
    co_return all;
  }
  if (accepted->refused_until != instant{}) {
    all.assign(all.size(), throttled_until(accepted->refused_until));
    co_return all;
  }
  body_.reset(); // the spool's now
  size_t next = 0;
  for (size_t i = 0; i < recipients_.size(); ++i) {
    const bool handed = !is_lmtp() || !recipients_[i].delivered_before;
    all[i] = !handed                         ? smtp::verdict::loop_detected
             : next < accepted->tries.size() ? verdict_of(accepted->tries[next])
                                             : smtp::verdict::accepted;
    if (handed) ++next;
  }
  co_return all;
}

net::task<smtp::actions> smtp_connection::accept(const smtp::accept_message& asked) {
  smtp::accepted_message answer;
  const auto size = body_ ? body_->size_bytes() : 0;
  answer.outcomes = co_await hand_over(asked);
  if (!body_ && std::count(answer.outcomes.begin(), answer.outcomes.end(), smtp::verdict::accepted) != 0) {
    with_->counters->add(metrics::counter::messages_accepted);
    with_->counters->add(metrics::counter::octets_accepted, size);
    log::write(log::level::info, {id_, to_text(queue_id_)},
               fmt::format("accepted from=<{}> recipients={} size={}", printable(asked.envelope.sender),
                           asked.envelope.recipients.size(), size));
  } else {
    with_->counters->add(metrics::counter::messages_refused);
    give_up_body();
  }
  recipients_.clear();
  if (!is_lmtp()) answer.outcomes.resize(1, smtp::verdict::temporary_failure);
  answer.detail = std::exchange(refusal_detail_, {});
  co_return session_->on_accepted(answer);
}

} // namespace stagepost::connection
