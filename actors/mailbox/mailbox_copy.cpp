#include "actors/mailbox/cold_read.hpp"
#include "actors/mailbox/mailbox.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::mailbox {

outcome mailbox_state::to_outcome(storage::errc code) {
  return code == storage::errc::blob_gone ? outcome::expunged : outcome::unavailable;
}

caf::result<copied_out> mailbox_state::read(const read_for_copy& what) {
  auto pending = self->make_response_promise<copied_out>();
  open_answer<copied_out> answer(pending);
  when_free([this, answer, what]() mutable {
    if (!loaded) return (void)answer.deliver(copied_out{});
    copied_out result{outcome::done, {}, {}, nullptr};
    for (const auto each : what.uids)
      if (held.find(each) != nullptr) result.uids.push_back(each);
    read_records(result.uids, [this, answer, result, hold = what.hold, into = what.into, seen = chain](
                                  storage::result<std::vector<storage::message_record>> records) mutable {
      if (!loaded || chain != seen) return (void)answer.deliver(copied_out{}); // a commit failed meanwhile
      if (!records) {
        result.outcome = to_outcome(records.error().code);
        return (void)answer.deliver(std::move(result));
      }
      hold = hold && !result.uids.empty(); // for nothing, nothing is held
      if (hold) result.removal = into ? into : std::make_shared<storage::batch>(*with.store);
      moving_sizes.clear();
      for (size_t i = 0; i < result.uids.size(); ++i) {
        const auto& record = (*records)[i];
        const auto* entry = held.find(result.uids[i]);
        new_message message{record.body,     record.size_bytes, record.internal_date,
                            record.queue_id, entry->flags,      {}};
        for (size_t bit = 0; bit < held.counters().keywords.size(); ++bit)
          if (entry->keywords >> bit & 1) message.keywords.push_back(held.counters().keywords[bit]);
        result.messages.push_back(std::move(message));
        if (hold) {
          storage::delete_message(*result.removal, id, result.uids[i]);
          storage::drop_reference(*result.removal, record.body, storage::blob_owner::mailbox, id.value,
                                  result.uids[i].value);
          moving_sizes.push_back(record.size_bytes);
        }
      }
      if (!hold) {
        when_settled(
            [answer, result](bool good) mutable { answer.deliver(good ? std::move(result) : copied_out{}); });
        return;
      }
      // The removal is worked out on a copy and made true by finish_move; until then nothing else may change.
      on_hold = true;
      moving = result.uids;
      when_settled([this, answer, result](bool good) mutable {
        if (!good) {
          moving.clear();
          release();
          return (void)answer.deliver(copied_out{});
        }
        auto after = held;
        const auto made = after.remove(moving, moving_sizes);
        for (const auto& page : made.pages) storage::put_page(*result.removal, id, *page);
        storage::put_counters(*result.removal, id, after.counters());
        if (!made.record.uids.empty()) storage::put_change(*result.removal, id, made.record);
        answer.deliver(std::move(result));
      });
    });
  });
  return pending;
}

caf::result<outcome_answer> mailbox_state::finish(const finish_move& what) {
  if (moving.empty()) return outcome_answer{outcome::done}; // nothing was held: a hold of now is another's
  if (what.committed) {
    const auto made = held.remove(moving, moving_sizes);
    tell_watchers(made);
    self->send(account, counters_changed{imap::mailbox_event::kind::messages_expunged, status_now()});
  }
  moving.clear();
  moving_sizes.clear();
  release();
  return outcome_answer{outcome::done};
}

void mailbox_state::read_records(
    std::vector<uid> uids, std::function<void(storage::result<std::vector<storage::message_record>>)> then) {
  auto cached = storage::read_messages(*with.store, id, uids, storage::reach::cache);
  if (cached || cached.error().code != storage::errc::not_cached) return then(std::move(cached));
  on_hold = true;
  using records = std::vector<storage::message_record>;
  read_cold<records>(
      self, with.readers,
      [store = with.store, folder = id, uids = std::move(uids)](storage::reach reach) {
        return storage::read_messages(*store, folder, uids, reach);
      },
      [this, then](storage::result<records> found) {
        on_hold = false;
        then(std::move(found));
        go_on();
      });
}

} // namespace stagepost::mailbox
