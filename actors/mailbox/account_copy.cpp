#include "actors/mailbox/account.hpp"

namespace stagepost::mailbox {

void account_state::copy(const copy_messages& what, open_answer<imap::copied> answer) {
  if (!what.who.is_owner())
    if (const auto may = may_copy(what); may != outcome::done)
      return answer.deliver(imap::copied{may, {}, {}, {}});
  if (what.move && move_busy)
    moves_waiting.push_back([this, what, answer] { copy_now(what, answer); });
  else
    copy_now(what, answer);
}

void account_state::move_ended() {
  move_busy = false;
  while (!move_busy &&
         !moves_waiting.empty()) { // one into its own folder holds nothing and does not end here again
    const auto next = std::move(moves_waiting.front());
    moves_waiting.pop_front();
    next();
  }
}

void account_state::copy_now(const copy_messages& what, open_answer<imap::copied> answer) {
  // Into its own folder a MOVE is a COPY and a removal: the folder cannot wait for itself.
  auto* target = find(what.to);
  const bool same = target != nullptr && target->record.id == what.from_id;
  const bool hold = what.move && !same && target != nullptr;
  if (hold) move_busy = true;
  ++under_way;
  auto finish = [this, hold, from = what.from, answer](imap::copied result) mutable {
    --under_way;
    if (hold) {
      self->request(from, caf::infinite, finish_move{result.outcome == outcome::done})
          .then([answer, result](outcome_answer) mutable { answer.deliver(std::move(result)); },
                // Deleted meanwhile; the MOVE is on disk all the same.
                [answer, result](caf::error&) mutable { answer.deliver(std::move(result)); });
      move_ended();
    } else {
      answer.deliver(std::move(result));
    }
  };
  if (target == nullptr)
    return finish({loaded ? outcome::no_such_mailbox : outcome::unavailable, {}, {}, {}});
  self->request(what.from, caf::infinite, read_for_copy{what.uids, hold})
      .then(
          [this, what, same, finish](copied_out& source) mutable {
            if (source.outcome != outcome::done || source.messages.empty())
              return finish({source.outcome, {}, {}, {}});
            auto* into = find(what.to);
            // Renamed meanwhile into the folder that is held: it would wait for itself.
            if (into == nullptr || (what.move && !same && into->record.id == what.from_id))
              return finish({outcome::no_such_mailbox, {}, {}, {}});
            // His rights may have ended while it waited, or the name has come to another folder.
            if (!what.who.is_owner())
              if (const auto may = may_copy(what); may != outcome::done) return finish({may, {}, {}, {}});
            if (!what.who.is_owner()) limit_flags(source.messages, rights_of(*into, what.who));
            uint64_t coming = 0;
            if (!what.move)
              for (const auto& each : source.messages) coming += each.size_bytes;
            if (quota_bytes != 0 && coming != 0 && used_bytes() + coming > quota_bytes)
              return finish({outcome::over_quota, {}, {}, {}});
            reserved_bytes += coming;
            const auto put_failed = [this, coming, finish](caf::error&) mutable {
              reserved_bytes -= coming;
              finish({});
            };
            self->request(actor_of(*into), caf::infinite,
                          insert_messages{source.messages, source.removal, true})
                .then(
                    [this, what, same, finish, coming, from_uids = source.uids](inserted& put) mutable {
                      reserved_bytes -= coming;
                      imap::copied result{put.outcome, put.uid_validity, {}, {}};
                      if (put.outcome == outcome::done) {
                        result.from = from_uids;
                        result.to = put.uids;
                      }
                      if (!what.move || !same || put.outcome != outcome::done)
                        return finish(std::move(result));
                      // The originals go as if expunged; nothing is lost with them.
                      self->request(
                              what.from, caf::infinite,
                              imap::store_flags{from_uids, imap::flag_change::add, flag_deleted, {}, {}})
                          .then(
                              [this, what, from_uids, finish, result](imap::stored&) mutable {
                                self->request(what.from, caf::infinite, remove_moved{from_uids})
                                    .then([finish,
                                           result](outcome_answer) mutable { finish(std::move(result)); },
                                          [finish](caf::error&) mutable { finish({}); });
                              },
                              [finish](caf::error&) mutable { finish({}); });
                    },
                    put_failed);
          },
          [finish](caf::error&) mutable { finish({}); });
}

} // namespace stagepost::mailbox
