#pragma once

#include "line_connection.hpp"
#include "report.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace stagepost::load {

using steady = std::chrono::steady_clock;

/// Runs coroutines on the calling thread in phases, all before one deadline. A coroutine that throws ends
/// alone, and what it threw is counted in `errors`.
class event_loop {
public:
  explicit event_loop(std::chrono::seconds timeout)
      : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), deadline_(io_), ends_at_(steady::now() + timeout) {}

  boost::asio::io_context& io() { return io_; }
  error_tally& errors() { return errors_; }

  void spawn(awaitable<void> work) {
    ++running_;
    boost::asio::co_spawn(io_, std::move(work), [this](std::exception_ptr thrown) {
      if (--running_ == 0) deadline_.cancel();
      if (!thrown) return;
      try {
        std::rethrow_exception(thrown);
      } catch (const boost::system::system_error& error) {
        errors_.add(error.code().message());
      } catch (const std::exception& error) {
        errors_.add(error.what());
      }
    });
  }

  /// Runs until every coroutine spawned so far has ended. False, with the rest abandoned, when the time ran
  /// out.
  bool run_phase() {
    if (running_ == 0) return true;
    io_.restart();
    // A timer and run(), not run_until(): that one reads the clock before every handler.
    deadline_.expires_at(ends_at_);
    deadline_.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) return;
      errors_.add("timeout");
      timed_out_ = true;
      io_.stop();
    });
    io_.run();
    return !timed_out_;
  }

  bool timed_out() const { return timed_out_; }

  awaitable<void> sleep(steady::duration time) {
    boost::asio::steady_timer timer(io_, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

private:
  error_tally errors_;
  boost::asio::io_context io_;
  boost::asio::steady_timer deadline_;
  steady::time_point ends_at_;
  size_t running_ = 0;
  bool timed_out_ = false;
};

/// True once a script sent SIGUSR1: a write load then ends as if it had sent all its messages.
bool stop_requested();

/// With `steps`, tells the calling script by one line on standard output how far the run is, and waits for a
/// line from it, so that the script can read counters at exactly that point.
inline void step(bool steps, const char* name) {
  if (!steps) return;
  std::cout << name << std::endl;
  std::string answer;
  std::getline(std::cin, answer);
}

} // namespace stagepost::load
