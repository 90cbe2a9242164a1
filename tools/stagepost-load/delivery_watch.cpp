#include "delivery_watch.hpp"

namespace stagepost::load {

bool delivery_watch::open() {
  constexpr uint32_t at_once = 10;
  for (uint32_t i = 0; i < settings_.users.count; ++i)
    readers_.push_back(make_reader(settings_.kind, loop_.io(), settings_.target));
  for (uint32_t first = 0; first < at_once; ++first) loop_.spawn(open_some(first, at_once));
  return loop_.run_phase();
}

awaitable<void> delivery_watch::open_some(uint32_t first, uint32_t stride) {
  for (uint32_t i = first; i < readers_.size(); i += stride) {
    auto user = settings_.users.name(i);
    co_await readers_[i]->open(std::move(user));
  }
}

bool delivery_watch::wait(const delivery_ledger& expected) {
  complete_at_ = steady::now();
  for (uint32_t i = 0; i < readers_.size(); ++i)
    if (expected.expected(i) > 0) loop_.spawn(wait_for(i, expected.expected(i)));
  return loop_.run_phase();
}

awaitable<void> delivery_watch::wait_for(uint32_t index, uint32_t count) {
  for (;;) {
    const auto arrived = co_await readers_[index]->arrived();
    if (arrived >= count) break;
    co_await loop_.sleep(settings_.poll_interval);
  }
  complete_at_ = std::max(complete_at_, steady::now());
}

awaitable<void> delivery_watch::read_one(uint32_t index, mailbox_reader::message_handler handler) {
  // Once more, for what came after the mailbox seemed complete: a duplicate.
  co_await readers_[index]->arrived();
  co_await readers_[index]->read_arrived(std::move(handler));
  co_await readers_[index]->close();
}

} // namespace stagepost::load
