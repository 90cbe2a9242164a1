#pragma once

#include "actors/supervisor/tree.hpp"
#include "tests/support/fault_file_system.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <string>

namespace stagepost::testing {

/// A whole server but for its sockets, on a disk that can lose its power. Not thread-safe.
class machine {
public:
  machine();
  ~machine();

  /// Opens the stores and plants the actors. False: the power failed meanwhile.
  bool start();
  /// Fells the actors and closes the stores; with the power gone, nothing of what was not on disk gets there.
  void stop();

  fault_file_system& disk() { return *disk_; }
  caf::actor_system& system() { return *system_; }
  supervisor::tree& tree() { return tree_; }
  const std::shared_ptr<storage::store>& mail() const { return tree_.shards.front().with.store; }

  /// Asks an actor and waits for the answer; nothing when it is an error.
  template <class Answer, class Handle, class Question>
  std::optional<Answer> ask(const Handle& whom, Question question) {
    caf::scoped_actor self(*system_);
    std::optional<Answer> result;
    self->request(whom, caf::infinite, std::move(question))
        .receive([&](Answer& answer) { result = std::move(answer); }, [](caf::error&) {});
    return result;
  }

private:
  std::shared_ptr<storage::store> open(storage::store_kind kind, const std::string& folder);

  std::shared_ptr<fault_file_system> disk_ = std::make_shared<fault_file_system>();
  std::unique_ptr<rocksdb::Env> env_ = make_env(disk_);
  storage::store_options options_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  supervisor::tree tree_;
};

} // namespace stagepost::testing
