#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"
#include "storage/outbound_table.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

// What the administrator changes of messages that wait.

namespace stagepost::spool {

namespace {

using storage::recipient_state;

/// Messages of an order to all that are changed at a time: leaves the pool to those who read mail.
constexpr size_t order_step = 50;
/// The step of an order in a trace: each kind has its own, the last of it is kept.
constexpr uint32_t first_order_step = 480;

std::string_view word_of(queue_order order) {
  static constexpr std::array<std::string_view, 6> words{"hold",  "release", "retry",
                                                         "force", "reset",   "priority"};
  return words[size_t(order)];
}

bool waits(const storage::spool_recipient& who) {
  return who.state == recipient_state::local || who.state == recipient_state::remote;
}

bool changes_any(const order_message& order, const queued_message& what) {
  return std::any_of(what.recipients.begin(), what.recipients.end(),
                     [&](const storage::spool_recipient& each) { return obey(order, each).has_value(); });
}

} // namespace

std::optional<storage::spool_recipient> obey(const order_message& order, storage::spool_recipient who) {
  const bool remote = who.state == recipient_state::remote;
  switch (order.order) {
  case queue_order::hold:
    if (who.state == recipient_state::expanding) {
      who.state = recipient_state::held_alias;
      return who;
    }
    if (!waits(who)) return std::nullopt;
    // So that it is known at the release what kind of recipient he was.
    if (remote) who.destination = storage::destination_of(who);
    who.state = recipient_state::held;
    return who;
  case queue_order::release:
    if (who.state == recipient_state::held_alias) {
      who.state = recipient_state::expanding;
      return who;
    }
    if (who.state != recipient_state::held) return std::nullopt;
    if (who.account)
      who.state = recipient_state::local;
    else if (!who.destination.empty())
      who.state = recipient_state::remote;
    else
      return std::nullopt; // by an older version, since there is no such recipient
    return who;
  case queue_order::retry:
    if (!remote || storage::due_time_of(who) == instant{}) return std::nullopt;
    who.due_at = instant{};
    return who;
  case queue_order::force:
    if (!waits(who)) return std::nullopt;
    who.due_at = instant{};
    if (remote) {
      who.priority = storage::highest_priority;
      who.is_priority_ordered = true;
    }
    return who;
  case queue_order::reset:
    if (!waits(who) || who.attempts == 0) return std::nullopt;
    who.attempts = 0;
    who.due_at = instant{};
    return who;
  case queue_order::priority:
    if (!remote || (who.priority == order.priority && who.is_priority_ordered)) return std::nullopt;
    who.priority = order.priority;
    who.is_priority_ordered = true;
    return who;
  }
  return std::nullopt;
}

caf::result<queue_answer> queue_state::order(const order_message& what) {
  auto pending = self->make_response_promise<queue_answer>();
  open_answer<queue_answer> answer(pending);
  if (what.id)
    carry_out(what, [answer](const std::string& why) { answer.deliver(queue_answer{why.empty(), why}); });
  else
    order_page(std::make_shared<order_to_all>(order_to_all{what, answer, queue_id(1), 0, 0}));
  return pending;
}

void queue_state::carry_out(const order_message& what, std::function<void(const std::string& why)> then) {
  std::string why;
  if (!set_aside(what.id, why)) return then(why);
  read_barred(what.id, [this, what, then](const std::string& why, const queued_message& found) {
    if (why.empty()) return change_read(what, found, then);
    take_up_again(what.id);
    then(why);
  });
}

void queue_state::change_read(const order_message& what, const queued_message& found,
                              std::function<void(const std::string& why)> then) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  std::map<std::string, bool> woken; // and whether that is urgent
  size_t changed = 0;
  for (const auto& each : found.recipients) {
    auto after = obey(what, each);
    if (!after) continue;
    ++changed;
    if (what.order == queue_order::reset && after->state == recipient_state::remote)
      after->priority = first_priority(found.message, *after); // that of its attempts, too, never was
    storage::change_recipient(*batch, what.id, each, *after);
    if (after->state == recipient_state::remote)
      woken[storage::destination_of(*after)] |= what.order == queue_order::force;
  }
  if (changed == 0) {
    unbar(what.id);
    take_up_again(what.id);
    return then("There is nothing of it to change so.");
  }
  storage::trace_step step{
      wall_clock(),
      storage::trace_kind::ordered,
      {{"order", std::string(word_of(what.order))}, {"recipients", std::to_string(changed)}}};
  if (what.order == queue_order::priority) step.facts.emplace_back("priority", std::to_string(what.priority));
  storage::put_trace(*batch, what.id, first_order_step + uint32_t(what.order), step);
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, what, woken, then](committer::committed) {
            unbar(what.id);
            for (const auto& [name, is_urgent] : woken)
              self->send(elsewhere, outbound::has_due{name, is_urgent});
            take_up_again(what.id);
            then({});
          },
          [this, what, then](caf::error& failed) {
            unbar(what.id);
            take_up_again(what.id);
            then("not changed: " + describe(failed));
          });
}

void queue_state::order_page(const std::shared_ptr<order_to_all>& all) {
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work(
      [page, store = with.store, from = all->from] { *page = read_spool(*store, from, order_step); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page, all](offload::work_done) {
            if (!page->good) return all->answer.deliver(queue_answer{false, "The spool cannot be read."});
            all->from = page->next;
            all->open = page->messages.size() + 1; // one for this loop
            for (const auto& each : page->messages) {
              auto one = all->what;
              one.id = each.message.id;
              if (!changes_any(one, each)) {
                --all->open;
                continue;
              }
              carry_out(one, [this, all](const std::string& why) {
                if (why.empty()) ++all->obeyed;
                count_down(all);
              });
            }
            count_down(all);
          },
          [all](caf::error&) {
            all->answer.deliver(queue_answer{false, "The spool cannot be read."});
          });
}

void queue_state::count_down(const std::shared_ptr<order_to_all>& all) {
  if (--all->open != 0) return;
  if (all->from) return order_page(all);
  const bool any = all->obeyed != 0;
  all->answer.deliver(queue_answer{any, any ? std::string{} : "Nothing that waits is changed by that."});
}

} // namespace stagepost::spool
