#include "actors/net/clock.hpp"

#include <limits>
#include <vector>

namespace stagepost::net {

void actor_clock::shut_down() {
  decltype(pending_) dead; // destroyed after the lock is gone: a message's end may run code
  std::lock_guard guard(mutex_);
  off_ = true;
  dead.swap(pending_);
  timer_.reset();
}

void actor_clock::cancel_all() {
  decltype(pending_) dead;
  std::lock_guard guard(mutex_);
  dead.swap(pending_);
}

actor_clock::key actor_clock::add(time_point due, entry what) {
  std::lock_guard guard(mutex_);
  const key made{due, next_++};
  if (off_) return made;
  pending_.emplace(made, std::move(what));
  if (due < armed_) arm(due);
  return made;
}

void actor_clock::forget(const key& wake_up) {
  decltype(pending_)::node_type dead; // as in shut_down
  std::lock_guard guard(mutex_);
  dead = pending_.extract(wake_up);
}

size_t actor_clock::waiting() const {
  std::lock_guard guard(mutex_);
  return pending_.size();
}

void actor_clock::arm(time_point due) {
  armed_ = due;
  timer_->expires_at(due);
  timer_->async_wait([this](boost::system::error_code failed) {
    if (!failed) fire();
  });
}

void actor_clock::fire() {
  std::vector<entry> due;
  {
    std::lock_guard guard(mutex_);
    if (off_) return;
    armed_ = time_point::max();
    const auto end = pending_.upper_bound({now(), std::numeric_limits<uint64_t>::max()});
    for (auto i = pending_.begin(); i != end; ++i) due.push_back(std::move(i->second));
    pending_.erase(pending_.begin(), end);
    if (!pending_.empty()) arm(pending_.begin()->first.first);
  }
  for (auto& each : due) {
    const auto actor = each.to.lock();
    if (!actor) continue;
    if (each.element)
      actor->enqueue(std::move(each.element), nullptr);
    else
      actor->enqueue(actor, each.id, std::move(each.content), nullptr);
  }
}

void actor_clock::set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                       uint64_t id) {
  add(due, {self->ctrl(), caf::make_message_id(), caf::make_message(caf::timeout_msg{type, id}), nullptr});
}

void actor_clock::set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                    uint64_t id) {
  set_ordinary_timeout(due, self, type, id);
}

void actor_clock::set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) {
  add(due, {self->ctrl(), id, caf::make_message(caf::make_error(caf::sec::request_timeout)), nullptr});
}

actor_clock::key actor_clock::wake_at(time_point due, const caf::strong_actor_ptr& to,
                                      caf::mailbox_element_ptr content) {
  return add(due, {to.get(), {}, {}, std::move(content)});
}

void actor_clock::schedule_message(time_point due, caf::strong_actor_ptr to,
                                   caf::mailbox_element_ptr content) {
  wake_at(due, to, std::move(content));
}

} // namespace stagepost::net
