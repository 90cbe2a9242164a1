#include "actors/delivery/local.hpp"

#include "actors/delivery/forward.hpp"
#include "actors/delivery/reply.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

namespace stagepost::delivery {

namespace {

delivery_result to_result(const mailbox::inserted& put, const storage::store& store) {
  switch (put.outcome) {
  case mailbox::outcome::done: return {result_kind::delivered, {}};
  case mailbox::outcome::over_quota: return {result_kind::over_quota, "452 4.2.2 mailbox over quota"};
  case mailbox::outcome::no_such_mailbox: return {result_kind::no_mailbox, "550 5.1.1 the user was deleted"};
  default: break;
  }
  if (store.failed()) return {result_kind::no_store, "451 4.3.1 the disk cannot be written"};
  return {result_kind::failed, "451 4.3.0 mailbox not available"};
}

bool has_reply(const deliver_locally& what) { return what.reply && what.reply->is_made(); }

/// What was delivered before a crash is not answered now: if it was to be, it was.
deliver_locally unanswered(deliver_locally what) {
  if (has_reply(what)) what.reply = nullptr;
  return what;
}

} // namespace

std::shared_ptr<storage::batch> local_state::end_of_wait(const deliver_locally& what) const {
  auto batch = std::make_shared<storage::batch>(*shards[home].with.store);
  storage::delete_recipient(*batch, what.message.id, what.recipient.index);
  if (what.forward) put_forward(*batch, *what.forward, what.message.id, what.recipient);
  if (what.reply) put_told(*batch, *what.reply, what.message.id, what.recipient);
  if (what.last) {
    storage::delete_spool(*batch, what.message.id);
    storage::drop_reference(*batch, what.message.body, storage::blob_owner::spool, what.message.id.value, 0);
  }
  return batch;
}

mailbox::deliver_message local_state::order(const deliver_locally& what, blob_id body,
                                            std::shared_ptr<storage::batch> batch, bool note) const {
  mailbox::deliver_message order;
  order.account = what.recipient.account;
  order.quota_bytes = what.quota_bytes;
  order.content.folder = what.recipient.folder.empty() ? "INBOX" : what.recipient.folder;
  order.content.delivery = true;
  order.content.content.with = std::move(batch);
  order.content.content.messages.push_back(
      {body, what.message.size_bytes, what.message.accepted_at, what.message.id, 0, {}});
  if (note)
    order.content.content.note = {
        what.message.id,
        trace_number(what.recipient),
        {wall_clock(), storage::trace_kind::delivered, {{"recipient", what.recipient.address}}}};
  return order;
}

caf::result<delivery_result> local_state::deliver(const deliver_locally& what) {
  auto answer = self->make_response_promise<delivery_result>();
  if (what.forward && !what.forward->keeps_copy)
    reply_and_pass_on(what, answer);
  else if (what.recipient.shard >= shards.size())
    answer.deliver(delivery_result{result_kind::failed, "451 4.3.5 no such shard"});
  else if (what.recipient.shard == home)
    into_home(what, answer);
  else
    into_other(what, answer);
  return answer;
}

/// A reply that begins in another shard cannot be in one batch with the end of the wait here, and comes
/// first: what is decided anew after a crash finds there that this message was answered.
void local_state::reply_and_pass_on(const deliver_locally& what,
                                    caf::typed_response_promise<delivery_result> answer) {
  if (!has_reply(what) || what.reply->shard == home)
    return pass_on(what, [answer](const delivery_result& result) mutable { answer.deliver(result); });
  begin_crossing([this, what, answer] {
    auto done = [this, answer](const delivery_result& result) mutable {
      answer.deliver(result);
      end_crossing();
    };
    const auto& there = shards[what.reply->shard].with;
    auto batch = std::make_shared<storage::batch>(*there.store);
    put_reply(*batch, *what.reply);
    self->request(there.committer, caf::infinite, committer::commit_batch{batch, nullptr})
        .then([this, what, done](committer::committed) { pass_on(what, done); },
              [done](caf::error& failed) mutable {
                done(delivery_result{result_kind::unknown, "451 4.3.0 " + describe(failed)});
              });
  });
}

void local_state::pass_on(const deliver_locally& what, std::function<void(const delivery_result&)> then) {
  auto batch = end_of_wait(what);
  if (has_reply(what) && what.reply->shard == home) put_reply(*batch, *what.reply);
  self->request(shards[home].with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then(
          [then](committer::committed) {
            then(delivery_result{result_kind::delivered, {}});
          },
          [this, then](caf::error& failed) {
            const bool full = shards[home].with.store->failed();
            then(delivery_result{full ? result_kind::no_store : result_kind::unknown,
                                 "451 4.3.0 " + describe(failed)});
          });
}

void local_state::into_home(const deliver_locally& what,
                            caf::typed_response_promise<delivery_result> answer) {
  auto batch = end_of_wait(what);
  if (has_reply(what)) put_reply(*batch, *what.reply);
  self->request(shards[home].accounts, caf::infinite, order(what, what.message.body, batch, true))
      .then([this, answer](
                mailbox::inserted& put) mutable { answer.deliver(to_result(put, *shards[home].with.store)); },
            [answer](caf::error& failed) mutable {
              answer.deliver(delivery_result{result_kind::unknown, "451 4.3.0 " + describe(failed)});
            });
}

void local_state::into_other(const deliver_locally& what,
                             caf::typed_response_promise<delivery_result> answer) {
  auto& there = shards[what.recipient.shard];
  hold_copy(what);
  // Was it delivered before a crash kept us from noting it here?
  const auto done =
      std::make_shared<storage::result<std::optional<storage::delivered_record>>>(storage::errc::io_error);
  auto work = offload::make_work([store = there.with.store, what, done] {
    *done = storage::read_delivered(*store, what.message.id, what.recipient.index, storage::reach::disk);
  });
  self->request(there.with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, what, answer, done](offload::work_done) mutable {
            if (!*done || **done) release_copy(what, true);
            if (!*done)
              return (void)answer.deliver(
                  delivery_result{result_kind::failed, "451 4.3.0 store not readable"});
            if (**done)
              return begin_crossing([this, what = unanswered(what), answer] { leave_spool(what, answer); });
            with_copy(what, [this, what, answer](std::optional<blob_id> target) mutable {
              if (!target) {
                release_copy(what, false);
                const bool full = shards[what.recipient.shard].with.store->failed();
                return (void)answer.deliver(delivery_result{
                    full ? result_kind::no_store : result_kind::failed, "451 4.3.0 body not copied"});
              }
              begin_crossing([this, what, body = *target, answer] { insert_there(what, body, answer); });
            });
          },
          [this, what, answer](caf::error&) mutable {
            release_copy(what, true);
            answer.deliver(delivery_result{result_kind::failed, "451 4.3.0 busy"});
          });
}

void local_state::insert_there(const deliver_locally& what, blob_id body,
                               caf::typed_response_promise<delivery_result> answer) {
  const auto& there = shards[what.recipient.shard];
  auto batch = std::make_shared<storage::batch>(*there.with.store);
  storage::put_delivered(*batch, what.message.id, what.recipient.index, {});
  if (has_reply(what)) put_reply(*batch, *what.reply);
  self->request(there.accounts, caf::infinite, order(what, body, batch, false))
      .then(
          [this, what, answer](mailbox::inserted& put) mutable {
            const bool done = put.outcome == mailbox::outcome::done;
            release_copy(what, done || put.outcome == mailbox::outcome::over_quota);
            if (done) return leave_spool(what, answer);
            answer.deliver(to_result(put, *shards[what.recipient.shard].with.store));
            end_crossing();
          },
          [this, what, answer](caf::error& failed) mutable {
            release_copy(what, false);
            answer.deliver(delivery_result{result_kind::unknown, "451 4.3.0 " + describe(failed)});
            end_crossing();
          });
}

void local_state::begin_crossing(std::function<void()> crosses) {
  if (!holders.empty()) return held.push_back(std::move(crosses));
  ++crossing;
  crosses();
}

void local_state::end_crossing() {
  if (--crossing != 0) return;
  for (auto& each : std::exchange(asking, {})) each.deliver(crossings_held{});
}

caf::result<crossings_held> local_state::hold() {
  const auto who = caf::actor_cast<caf::actor_addr>(self->current_sender());
  if (holders.insert(who).second) self->monitor(who);
  auto promise = self->make_response_promise<crossings_held>();
  open_answer<crossings_held> answer(promise);
  if (crossing == 0)
    answer.deliver(crossings_held{});
  else
    asking.push_back(std::move(answer));
  return promise;
}

void local_state::release(const caf::actor_addr& holder) {
  if (holders.erase(holder) == 0 || !holders.empty()) return;
  for (const auto& each : std::exchange(held, {})) begin_crossing(each);
}

void local_state::with_copy(const deliver_locally& what, std::function<void(std::optional<blob_id>)> then) {
  const auto key = std::make_pair(what.message.id, what.recipient.shard);
  auto& copy = copies.at(key);
  if (copy.ready) return then(copy.target);
  copy.waiting.push_back(std::move(then));
  if (copy.waiting.size() > 1) return; // on its way
  copy.target = shards[what.recipient.shard].with.store->next_blob();
  copy_body(what, 0, copy.target, [this, key](bool copied) {
    auto& made = copies.at(key); // alive: who waits uses it
    made.ready = copied;
    const auto result = copied ? std::optional<blob_id>(made.target) : std::nullopt;
    for (const auto& each : std::exchange(made.waiting, {})) each(result);
  });
}

void local_state::hold_copy(const deliver_locally& what) {
  ++copies[{what.message.id, what.recipient.shard}].users;
}

void local_state::release_copy(const deliver_locally& what, bool sound) {
  const auto at = copies.find({what.message.id, what.recipient.shard});
  if (!sound) at->second.ready = false;
  if (--at->second.users != 0) return;
  const auto target = at->second.target;
  copies.erase(at);
  if (!target) return; // nobody needed it
  const auto& there = shards[what.recipient.shard];
  auto batch = std::make_shared<storage::batch>(*there.with.store);
  storage::abandon_blob(*batch, target);
  self->request(there.with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then([](committer::committed) {}, [](caf::error&) {});
}

/// Chunk by chunk, so that a large message is never in memory as a whole. The copy is kept alive by nobody
/// until the delivery that follows; a crash between leaves it to be collected.
void local_state::copy_body(const deliver_locally& what, uint32_t chunk, blob_id target,
                            std::function<void(bool)> then) {
  struct piece {
    storage::result<storage::blob_record> record{storage::errc::io_error};
    storage::result<bytes> content{storage::errc::io_error};
  };
  const auto read = std::make_shared<piece>();
  const auto& from = shards[home];
  auto work = offload::make_work([store = from.with.store, body = what.message.body, chunk, read] {
    read->record = storage::read_blob(*store, body, storage::reach::disk);
    if (read->record) read->content = storage::read_chunk(*store, body, chunk, storage::reach::disk);
  });
  self->request(from.with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, what, chunk, target, then, read](offload::work_done) {
            if (!read->record || !read->content) {
              log::error("queue {}: body not readable for copy to shard {}", what.message.id.value,
                         what.recipient.shard);
              return then(false);
            }
            const auto& there = shards[what.recipient.shard];
            const bool last = chunk + 1 >= read->record->chunks;
            auto batch = std::make_shared<storage::batch>(*there.with.store);
            storage::put_chunk(*batch, target, chunk, *read->content, last);
            if (last) {
              storage::park_blob(*batch, target, *read->record); // until release_copy
            }
            self->request(there.with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then(
                    [this, what, chunk, target, then, last](committer::committed) {
                      if (last)
                        then(true);
                      else
                        copy_body(what, chunk + 1, target, then);
                    },
                    [then](caf::error&) { then(false); });
          },
          [then](caf::error&) { then(false); });
}

void local_state::leave_spool(const deliver_locally& what,
                              caf::typed_response_promise<delivery_result> answer) {
  auto batch = end_of_wait(what);
  storage::put_trace(
      *batch, what.message.id, trace_number(what.recipient),
      {wall_clock(),
       storage::trace_kind::delivered,
       {{"recipient", what.recipient.address}, {"shard", std::to_string(what.recipient.shard)}}});
  self->request(shards[home].with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then(
          [this, what, answer](committer::committed) mutable {
            answer.deliver(delivery_result{result_kind::delivered, {}});
            // The note over there has done its work; should this be lost, it costs a few octets.
            const auto& there = shards[what.recipient.shard];
            auto batch = std::make_shared<storage::batch>(*there.with.store);
            storage::delete_delivered(*batch, what.message.id, what.recipient.index);
            self->request(there.with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([](committer::committed) {}, [](caf::error&) {});
            end_crossing();
          },
          [this, answer](caf::error& failed) mutable {
            answer.deliver(delivery_result{result_kind::unknown, "451 4.3.0 " + describe(failed)});
            end_crossing();
          });
}

local_self::behavior_type local(local_self::stateful_pointer<local_state> self, std::vector<shard> shards,
                                size_t home) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.shards = std::move(shards);
  self->state.home = home;
  self->set_down_handler([self](const caf::down_msg& gone) { self->state.release(gone.source); });
  return {
      [self](const deliver_locally& what) { return self->state.deliver(what); },
      [self](const is_writing& what) {
        const auto& all = self->state.shards;
        return what.shard >= all.size() || !all[what.shard].with.store->failed();
      },
      [self](hold_crossings) { return self->state.hold(); },
      [self](release_crossings) {
        const auto who = caf::actor_cast<caf::actor_addr>(self->current_sender());
        self->demonitor(who);
        self->state.release(who);
      },
  };
}

} // namespace stagepost::delivery
