#pragma once

#include "delivery_ledger.hpp"
#include "event_loop.hpp"
#include "mailbox_reader.hpp"

#include <memory>
#include <vector>

namespace stagepost::load {

struct watch_settings {
  reader_kind kind = reader_kind::none;
  server_target target;
  user_naming users;
  std::chrono::milliseconds poll_interval{200};
};

/// Looks into all mailboxes from outside until each shows what was accepted for it. Each mailbox has one
/// connection and is asked at the same interval, whatever the server, and no more once it is complete.
class delivery_watch {
public:
  delivery_watch(event_loop& loop, watch_settings settings) : loop_(loop), settings_(std::move(settings)) {}

  bool active() const { return settings_.kind != reader_kind::none; }
  /// Logs in everywhere, ten at a time. Runs a phase of the loop.
  bool open();
  /// Runs a phase that ends when all is visible; false when the time ran out first.
  bool wait(const delivery_ledger& expected);
  /// When the last message became visible: the time of the answer that showed it.
  steady::time_point complete_at() const { return complete_at_; }
  /// Reads everything that arrived into `ledger`, and logs out.
  template <class Recipient>
  bool read_all(delivery_ledger& ledger, const Recipient& recipient_of) {
    for (uint32_t i = 0; i < readers_.size(); ++i) {
      loop_.spawn(read_one(i, [&ledger, &recipient_of, i](std::string_view message) {
        ledger.found(i, message, recipient_of);
      }));
    }
    return loop_.run_phase();
  }

private:
  awaitable<void> open_some(uint32_t first, uint32_t stride);
  awaitable<void> wait_for(uint32_t index, uint32_t count);
  awaitable<void> read_one(uint32_t index, mailbox_reader::message_handler handler);

  event_loop& loop_;
  watch_settings settings_;
  std::vector<std::unique_ptr<mailbox_reader>> readers_;
  steady::time_point complete_at_{};
};

} // namespace stagepost::load
