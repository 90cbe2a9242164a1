#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/all.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace stagepost::net {

/// CAF's clock without a thread of its own: one ordered list of what is due and one Asio timer for its head.
/// It holds actors weakly, so a pending time-out never keeps a closed connection alive. The memory of an actor
/// is given back with the last weak reference only, so who lives shortly and waits long forgets its wake-ups.
class actor_clock : public caf::actor_clock {
public:
  explicit actor_clock(boost::asio::io_context& io) { timer_.emplace(io); }

  /// Names one wake-up, for ever.
  using key = std::pair<time_point, uint64_t>;

  /// Drops all that is pending; must come before the io_context dies.
  void shut_down();

  /// As schedule_message; what it answers is for `forget`.
  key wake_at(time_point due, const caf::strong_actor_ptr& to, caf::mailbox_element_ptr content);
  /// Nothing happens when it is over already.
  void forget(const key& wake_up);
  /// Wake-ups that are not due yet.
  size_t waiting() const;

  void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                            uint64_t id) override;
  void set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                         uint64_t id) override;
  void set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) override;
  void schedule_message(time_point due, caf::strong_actor_ptr to, caf::mailbox_element_ptr content) override;
  void schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) override {
  } // no groups here

  // A stale timeout_msg is dropped by its id, and CAF 0.17 never calls the second.
  void cancel_ordinary_timeout(caf::abstract_actor*, caf::atom_value) override {}
  void cancel_request_timeout(caf::abstract_actor*, caf::message_id) override {}
  void cancel_timeouts(caf::abstract_actor*) override {}
  void cancel_all() override;

private:
  struct entry {
    caf::weak_actor_ptr to;
    caf::message_id id;
    caf::message content;
    caf::mailbox_element_ptr element; ///< instead of id and content
  };

  key add(time_point due, entry what);
  void arm(time_point due);
  void fire();

  mutable std::mutex mutex_;
  std::map<key, entry> pending_;
  uint64_t next_ = 0;
  std::optional<boost::asio::steady_timer> timer_;
  time_point armed_ = time_point::max();
  bool off_ = false;
};

} // namespace stagepost::net
