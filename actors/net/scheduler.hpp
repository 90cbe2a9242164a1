#pragma once

#include "actors/net/clock.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/all.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace stagepost::net {

class scheduler;

/// One thread that runs actors and sockets alike: CAF's execution unit around an io_context. A socket that
/// becomes ready runs its connection's actor right there, without a hand-over to another thread.
class worker : public caf::execution_unit {
public:
  worker(caf::actor_system* system, scheduler* owner) : caf::execution_unit(system), owner_(owner) {}

  void exec_later(caf::resumable* job) override;

  /// The worker of the calling thread, or nullptr.
  static worker* here();
  /// The actor this worker runs now.
  const caf::resumable* current() const { return current_; }
  boost::asio::io_context& io() { return io_; }

private:
  friend class scheduler;
  void drain();
  /// After an exception came out of whatever ran: nobody runs now, and who waits is not forgotten.
  void recover();

  scheduler* owner_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  std::deque<caf::resumable*> jobs_;
  bool draining_ = false;
  caf::resumable* current_ = nullptr;
  std::thread thread_;
};

/// CAF's scheduler module whose workers run Asio. Load with `config.load<net::scheduler>()`. Nothing that
/// runs here may block: disk reads that can miss the cache, password hashing and child programs have threads
/// of their own.
class scheduler : public caf::scheduler::abstract_coordinator {
public:
  explicit scheduler(caf::actor_system& system) : abstract_coordinator(system) {}
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);
  static scheduler& of(caf::actor_system& system);

  void init(caf::actor_system_config& config) override;
  void start() override;
  void stop() override;
  void enqueue(caf::resumable* job) override;
  actor_clock& clock() noexcept override { return *clock_; }

  /// The io_contexts in turn: where a new socket goes.
  boost::asio::io_context& next_io() { return workers_[next_++ % workers_.size()]->io(); }
  size_t worker_count() const { return workers_.size(); }
  boost::asio::io_context& io(size_t index) { return workers_[index]->io(); }

  /// Puts a message into an actor's mailbox and, when called on a worker, runs the actor before it returns.
  static void deliver(const caf::strong_actor_ptr& to, caf::message content);

  /// Called with what escaped from a completion handler; set before the system starts.
  std::function<void(std::exception_ptr)> on_escaped_exception = [](std::exception_ptr) {};

private:
  friend class worker;
  struct job_op;
  void post(boost::asio::io_context& io, caf::resumable* job);

  std::vector<std::unique_ptr<worker>> workers_;
  std::unique_ptr<actor_clock> clock_;
  std::atomic<size_t> next_{0};
};

} // namespace stagepost::net
