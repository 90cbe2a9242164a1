#pragma once

#include "actors/net/scheduler.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/all.hpp>

#include <memory>
#include <optional>

namespace stagepost::net {

/// A piece of a coroutine on its way to the actor it belongs to.
struct job {
  virtual ~job() = default;
  virtual void run() = 0;
};
using job_ptr = std::shared_ptr<job>;

} // namespace stagepost::net

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::net::job_ptr) // never leaves the process

namespace stagepost::net {

template <class Function>
struct function_job : job {
  std::optional<Function> function;
  explicit function_job(Function f) : function(std::move(f)) {}
  void run() override {
    auto once = std::move(*function);
    function.reset();
    once();
  }
};

/// An Asio executor whose strand is an actor's mailbox: whatever is executed runs as a message of that actor,
/// so the coroutine and the message handlers of a connection never run at the same time.
template <bool NeverInline = false>
class basic_actor_executor {
public:
  basic_actor_executor(caf::strong_actor_ptr to, const caf::resumable* self, boost::asio::io_context* io)
      : to_(std::move(to)), self_(self), io_(io) {}

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return *io_; }
  static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    if constexpr (NeverInline)
      return boost::asio::execution::blocking.never;
    else
      return boost::asio::execution::blocking.possibly;
  }
  basic_actor_executor<true> require(boost::asio::execution::blocking_t::never_t) const {
    return {to_, self_, io_};
  }
  basic_actor_executor<false> require(boost::asio::execution::blocking_t::possibly_t) const {
    return {to_, self_, io_};
  }
  friend bool operator==(const basic_actor_executor& a, const basic_actor_executor& b) noexcept {
    return a.to_ == b.to_;
  }
  friend bool operator!=(const basic_actor_executor& a, const basic_actor_executor& b) noexcept {
    return a.to_ != b.to_;
  }

  template <class Function>
  void execute(Function f) const {
    const auto* here = worker::here();
    if (!NeverInline && here != nullptr && here->current() == self_) return f(); // inside this actor already
    job_ptr next = std::make_shared<function_job<Function>>(std::move(f));
    scheduler::deliver(to_, caf::make_message(std::move(next)));
  }

private:
  caf::strong_actor_ptr to_;
  const caf::resumable* self_;
  boost::asio::io_context* io_;
};

using actor_executor = basic_actor_executor<>;

/// A coroutine that runs as an actor.
template <class T = void>
using task = boost::asio::awaitable<T, actor_executor>;
inline constexpr boost::asio::use_awaitable_t<actor_executor> in_actor{};

/// Asks another actor and suspends the coroutine until the answer is there. A plain function on purpose: GCC
/// 12 destroys aggregate temporaries inside a co_await expression twice, so callers name their messages
/// first.
template <class Result, class Self, class Handle, class... Ts>
task<caf::expected<Result>> ask(Self* self, Handle to, Ts... xs) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<actor_executor>,
                                     void(caf::expected<Result>)>(
      [self, to](auto handler, auto... ys) mutable {
        auto resume = std::make_shared<decltype(handler)>(std::move(handler));
        self->request(to, caf::infinite, std::move(ys)...)
            .then([resume](Result& answer) { std::move (*resume)(caf::expected<Result>(std::move(answer))); },
                  [resume](caf::error& failed) {
                    std::move (*resume)(caf::expected<Result>(std::move(failed)));
                  });
      },
      in_actor, std::move(xs)...);
}

} // namespace stagepost::net
