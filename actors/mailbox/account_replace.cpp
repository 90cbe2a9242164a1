#include "actors/mailbox/account.hpp"

#include <algorithm>

namespace stagepost::mailbox {

namespace {

/// By how much the account grows.
uint64_t growth(const put_messages& what, const copied_out& gone) {
  uint64_t coming = 0;
  for (const auto& each : what.content.messages) coming += each.size_bytes;
  uint64_t going = 0;
  for (const auto& each : gone.messages) going += each.size_bytes;
  return coming - std::min(coming, going);
}

} // namespace

void account_state::replace(const put_messages& what, open_answer<inserted> answer) {
  const auto* target = find(what.folder);
  if (target == nullptr) return answer.deliver(inserted{outcome::no_such_mailbox, {}, {}, {}});
  if (target->record.id != what.replaced.from_id) {
    if (move_busy)
      moves_waiting.push_back([this, what, answer] { replace_elsewhere(what, answer); });
    else
      replace_elsewhere(what, answer);
    return;
  }
  // In one folder its actor does both; here only the size of what goes is wanted.
  ++under_way;
  self->request(what.replaced.from, caf::infinite, read_for_copy{{what.replaced.uid}, false})
      .then(
          [this, what, answer](copied_out& source) mutable {
            --under_way;
            if (source.outcome != outcome::done)
              return (void)answer.deliver(inserted{source.outcome, {}, {}, {}});
            // The name may have come to another folder meanwhile, in which the UID is another message.
            const auto* target = find(what.folder);
            if (target == nullptr || target->record.id != what.replaced.from_id)
              return (void)answer.deliver(inserted{outcome::no_such_mailbox, {}, {}, {}});
            auto order = what;
            order.content.replaced = what.replaced.uid;
            put_now(order, growth(what, source),
                    [answer](caf::expected<inserted> result) { tell(answer, std::move(result)); });
          },
          [this, answer](caf::error& failed) mutable {
            --under_way;
            answer.deliver(std::move(failed));
          });
}

/// As MOVE does it: the old folder is held, its part goes with the insertion.
void account_state::replace_elsewhere(const put_messages& what, open_answer<inserted> answer) {
  move_busy = true;
  ++under_way;
  auto finish = [this, from = what.replaced.from, answer](caf::expected<inserted> result) mutable {
    --under_way;
    self->request(from, caf::infinite, finish_move{result && result->outcome == outcome::done})
        .then([answer, result](outcome_answer) { tell(answer, result); },
              // Deleted meanwhile; what was committed is on disk all the same.
              [answer, result](caf::error&) { tell(answer, result); });
    move_ended();
  };
  self->request(what.replaced.from, caf::infinite,
                read_for_copy{{what.replaced.uid}, true, what.content.with})
      .then(
          [this, what, finish](copied_out& source) mutable {
            if (source.outcome != outcome::done) return finish(inserted{source.outcome, {}, {}, {}});
            if (source.messages.empty()) return finish(inserted{outcome::expunged, {}, {}, {}});
            // Renamed meanwhile into the folder that is held: it would wait for itself.
            const auto* target = find(what.folder);
            if (target == nullptr || target->record.id == what.replaced.from_id)
              return finish(inserted{outcome::no_such_mailbox, {}, {}, {}});
            auto order = what;
            order.content.with = source.removal;
            put_now(order, growth(what, source), finish);
          },
          [finish](caf::error&) mutable { finish(inserted{}); });
}

} // namespace stagepost::mailbox
