#pragma once

#include "actors/atoms.hpp"
#include "actors/net/scheduler.hpp"
#include "storage/store.hpp"
#include "tests/support/temporary_folder.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace stagepost::testing {

/// No answer within this time is a failure; nothing waits for it to pass.
constexpr auto patience = std::chrono::seconds(60);

inline std::shared_ptr<storage::store> open_store(storage::store_kind kind, const std::string& folder,
                                                  storage::store_options options = {}) {
  options.memtable_bytes = 1 << 20;
  options.wal_limit_bytes = 8 << 20;
  auto opened = storage::store::open(kind, folder, options);
  if (!opened) throw std::runtime_error(folder + ": " + opened.error().detail);
  return std::move(*opened);
}

/// An actor system on the product's own scheduler.
class actor_fixture : public ::testing::Test {
protected:
  explicit actor_fixture(size_t workers = 2) { start_system(workers); }
  ~actor_fixture() override { stop_system(); }

  void start_system(size_t workers = 2) {
    config_.emplace();
    config_->set("scheduler.max-threads", workers);
    config_->load<net::scheduler>();
    system_.emplace(*config_);
  }

  /// Waits for all actors: whoever holds one alive by mistake hangs here.
  void stop_system() {
    system_.reset();
    config_.reset();
  }

  /// Asks and waits; an error fails the test and answers an empty value.
  template <class Answer, class Handle, class... Ts>
  Answer ask(const Handle& to, Ts... xs) {
    caf::scoped_actor self(*system_);
    Answer result{};
    self->request(to, patience, std::move(xs)...)
        .receive([&](Answer& answer) { result = std::move(answer); },
                 [&](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
    return result;
  }

  /// Asks and answers the error, empty if there was none.
  template <class Answer, class Handle, class... Ts>
  caf::error ask_for_error(const Handle& to, Ts... xs) {
    caf::scoped_actor self(*system_);
    caf::error result;
    self->request(to, patience, std::move(xs)...)
        .receive([](Answer&) {}, [&](caf::error& failed) { result = failed; });
    return result;
  }

  /// Ends an actor and waits until it is gone.
  template <class Handle>
  void end(const Handle& what, caf::exit_reason why = caf::exit_reason::user_shutdown) {
    caf::scoped_actor self(*system_);
    self->monitor(what);
    self->send_exit(what, why);
    self->receive([](const caf::down_msg&) {});
  }

  /// Asks again and again, for what ends in its own time.
  template <class Condition>
  bool eventually(Condition holds) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds())
      if (std::chrono::steady_clock::now() > until) return false;
    return true;
  }

  std::optional<caf::actor_system_config> config_;
  std::optional<caf::actor_system> system_;
};

} // namespace stagepost::testing
