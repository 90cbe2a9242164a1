#include "actors/spool/intake.hpp"

#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/free_space.hpp"
#include "actors/log/log.hpp"
#include "actors/spool/message_check.hpp"
#include "storage/blobs.hpp"
#include "storage/hourly_table.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace stagepost::spool {

namespace {

constexpr auto space_age = std::chrono::milliseconds(500);

/// A message counts once for each domain it came for, and for that of the user who handed it in.
statistics::happened counts_of(const accept_message& what) {
  statistics::happened made;
  storage::day_counts in;
  in.messages_in = 1;
  in.octets_in = what.size_bytes;
  std::set<domain_id> domains;
  for (const auto& each : what.recipients)
    if (each.domain && domains.insert(each.domain).second) made.domains.push_back({each.domain, {}, in});
  made.server = in;
  if (what.authenticated_as.empty()) return made;
  storage::day_counts out;
  out.messages_out = 1;
  out.octets_out = what.size_bytes;
  made.server += out;
  made.domains.push_back({{}, statistics::domain_of(what.authenticated_as), out});
  return made;
}

std::string reply_until(instant until) {
  return "450 4.7.1 an hourly limit is reached, it waits until " + throttle::time_of_day(until);
}

/// Until when some of its recipients wait; zero: none do.
instant waits_until(const throttle::message_booked& booked) {
  if (booked.sent_after != instant{}) return booked.sent_after;
  return booked.received_after.empty() ? instant{} : booked.received_after.front().second;
}

/// Above an hourly limit (DOM-83): he is tried when the hour is over, and that is no attempt.
void put_off(storage::spool_recipient& recipient, const addressee& who,
             const throttle::message_booked& booked) {
  auto until = booked.sent_after;
  if (who.domain)
    for (const auto& [domain, end] : booked.received_after)
      if (domain == who.domain) until = std::max(until, end);
  if (until == instant{} || recipient.state == storage::recipient_state::bounced) return;
  recipient.due_at = until;
  recipient.is_put_off = true;
  recipient.last_reply = reply_until(until);
}

} // namespace

bool intake_state::has_space() {
  const auto now = std::chrono::steady_clock::now();
  if (now - space_asked_at < space_age) return space_left;
  space_asked_at = now;
  const auto free = free_space(with.store->folder());
  if (!free) return space_left;
  const bool enough = *free > settings->get()->store.disk_reserve.bytes;
  if (enough != space_left)
    log::warn("store {}: {} free octets, {}", with.store->folder(), *free,
              enough ? "accepting mail again" : "below the reserve, no mail is accepted");
  space_left = enough;
  return space_left;
}

caf::result<message_accepted> intake_state::accept(const accept_message& what) {
  if (with.store->failed() || !has_space())
    return to_error({storage::errc::disk_full, "no space in the spool"});
  auto pending = self->make_response_promise<message_accepted>();
  open_answer<message_accepted> answer(pending);
  if (what.counts.is_empty()) {
    take(what, {}, answer);
    return pending;
  }
  self->request(throttle, caf::infinite, throttle::book_message{what.counts, with.store->shard()})
      .then(
          [this, what, answer](const throttle::message_booked& booked) {
            if (booked.refused_until == instant{}) return take(what, booked, answer);
            message_accepted refused;
            refused.refused_until = booked.refused_until;
            answer.deliver(std::move(refused));
          },
          [answer](caf::error& failed) { answer.deliver(std::move(failed)); });
  return pending;
}

// The counts are sums, so batches must be committed in the order in which they were counted: nothing may come
// between the answer of the throttle and the request to the committer.
void intake_state::take(const accept_message& what, const throttle::message_booked& booked,
                        open_answer<message_accepted> answer) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_chunk(*batch, what.body, what.chunks - 1, *what.last_chunk, true);
  storage::put_blob(*batch, what.body, {what.size_bytes, what.chunks, what.digest});
  storage::put_reference(*batch, what.body, storage::blob_owner::spool, what.id.value, 0);

  enqueue_message order;
  auto& record = order.what.message;
  record.id = what.id;
  record.body = what.body;
  record.size_bytes = what.size_bytes;
  record.accepted_at = what.accepted_at;
  record.envelope = encode_envelope(what.envelope);
  record.sender = what.envelope.sender;
  record.authenticated_as = what.authenticated_as;
  priorities.follow(settings->get());
  const auto priority =
      priorities.at_first(record.sender, record.size_bytes,
                          what.kind == mail_class::ordinary ? class_of(record.sender) : what.kind);
  using storage::recipient_state;
  const bool checked = !what.is_our_own && runs_command_line(settings->get()->spool);
  std::map<std::pair<account_id, std::string>, uint32_t> seen; // the same mailbox named twice gets one copy
  std::vector<uint32_t> indexes;                               // of each addressee's record
  for (const auto& each : what.recipients) {
    storage::spool_recipient recipient;
    recipient.index = uint32_t(order.what.recipients.size());
    recipient.address = each.recipient.address;
    recipient.notify = each.recipient.notify;
    recipient.original_recipient = each.recipient.original_recipient;
    recipient.due_at = what.accepted_at;
    switch (each.kind) {
    case domain::address_kind::account:
      if (const auto [known, first] =
              seen.emplace(std::pair(each.target.account, each.target.folder), recipient.index);
          !first) {
        indexes.push_back(known->second);
        continue;
      }
      recipient.state = checked ? recipient_state::unchecked : recipient_state::local;
      recipient.account = each.target.account;
      recipient.shard = each.target.shard;
      recipient.folder = each.target.folder;
      break;
    case domain::address_kind::alias:
    case domain::address_kind::returning:
      recipient.state = checked ? recipient_state::unchecked_alias : recipient_state::expanding;
      break;
    default:
      recipient.state = checked ? recipient_state::unchecked : recipient_state::remote;
      recipient.priority = priority;
      break;
    }
    if (each.delivered_before) {
      recipient.state = storage::recipient_state::bounced;
      recipient.last_reply = reply_to_loop;
    }
    put_off(recipient, each, booked);
    storage::put_recipient(*batch, what.id, recipient);
    indexes.push_back(recipient.index);
    order.what.recipients.push_back(std::move(recipient));
    order.quotas.push_back(each.target.quota_bytes);
    if (each.target.forwards != domain::forwarding::none) order.forwarding.push_back(each.target.account);
    if (each.target.answers) order.answering.push_back(each.target.account);
  }
  record.recipients = uint32_t(order.what.recipients.size());
  storage::put_spool(*batch, record);
  for (uint32_t i = 0; i < what.trace.size(); ++i) storage::put_trace(*batch, what.id, i, what.trace[i]);
  if (const auto until = waits_until(booked); until != instant{})
    storage::put_trace(*batch, what.id, uint32_t(what.trace.size()),
                       {what.accepted_at, storage::trace_kind::deferred, {{"reply", reply_until(until)}}});
  if (!what.message_id.empty()) storage::put_trace_id(*batch, what.message_id, what.id);
  for (const auto& row : booked.rows) storage::put_hourly(*batch, row);
  for (const auto& key : booked.over) storage::delete_hourly(*batch, key);

  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, answer, order = std::move(order), indexes = std::move(indexes), try_first = what.try_first,
           counts = counts_of(what)](committer::committed) mutable {
            statistics::tell(statistics, std::move(counts));
            if (try_first) return hand_on(std::move(order), indexes, answer);
            const auto id = order.what.message.id;
            self->send(queue, std::move(order));
            answer.deliver(message_accepted{id, {}});
          },
          [this, answer, entries = booked.entries](caf::error& failed) mutable {
            log::error("spool: message not taken: {}", describe(failed));
            if (!entries.empty())
              self->send(throttle, throttle::unbook_message{std::move(entries), with.store->shard()});
            answer.deliver(std::move(failed));
          });
}

void intake_state::hand_on(enqueue_message order, const std::vector<uint32_t>& indexes,
                           open_answer<message_accepted> answer) {
  const auto id = order.what.message.id;
  self->request(queue, caf::infinite, try_message{std::move(order)})
      .then(
          [id, indexes, answer](message_tried& found) mutable {
            message_accepted all{id, {}};
            for (const auto index : indexes)
              all.tries.push_back(index < found.tries.size() ? found.tries[index] : first_try::kept);
            answer.deliver(std::move(all));
          },
          // The queue ended; the message is on disk all the same.
          [id, indexes, answer](caf::error&) mutable {
            answer.deliver(message_accepted{id, std::vector(indexes.size(), first_try::kept)});
          });
}

intake_actor::behavior_type intake(intake_actor::stateful_pointer<intake_state> self, mailbox::services with,
                                   queue_actor queue, live_settings_ptr settings,
                                   statistics::statistics_actor statistics,
                                   throttle::throttle_actor throttle) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->state.queue = std::move(queue);
  self->state.settings = std::move(settings);
  self->state.statistics = std::move(statistics);
  self->state.throttle = std::move(throttle);
  return {
      [self](const accept_message& what) { return self->state.accept(what); },
      [self](const may_accept&) { return !self->state.with.store->failed() && self->state.has_space(); },
  };
}

} // namespace stagepost::spool
