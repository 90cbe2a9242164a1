#include "actors/supervisor/pulse.hpp"

#include "tests/support/actor_fixture.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>

namespace stagepost::supervisor {
namespace {

using names = std::vector<std::string>;
constexpr auto at_once = std::chrono::seconds(0);

/// Answers when the test says so.
committer::committer_actor slow_committer(caf::actor_system& system, std::shared_future<void> go) {
  return system.spawn<caf::detached>([go]() -> committer::committer_actor::behavior_type {
    return {
        [](const committer::commit_batch&) { return committer::committed{}; },
        [go](const committer::revoke_lease&) {
          go.wait();
          return committer::lease_revoked{};
        },
    };
  });
}

class Pulse : public testing::actor_fixture {
protected:
  /// Those who are silent once all others have answered.
  bool comes_to(const pulse& which, const names& silent) {
    return eventually([&] { return which.silent(at_once) == silent; });
  }
};

TEST_F(Pulse, FindsNobodySilentWhereAllAnswers) {
  std::promise<void> go;
  go.set_value();
  const auto committer = slow_committer(*system_, go.get_future().share());
  pulse all(*system_, {committer});
  for (int i = 0; i < 3; ++i) {
    all.feel();
    EXPECT_TRUE(comes_to(all, {}));
  }
  end(committer);
}

TEST_F(Pulse, NamesACommitterThatHangsUntilItGoesOn) {
  std::promise<void> go;
  const auto hangs = slow_committer(*system_, go.get_future().share());
  std::promise<void> others_go;
  others_go.set_value();
  const auto works = slow_committer(*system_, others_go.get_future().share());
  pulse all(*system_, {works, hangs});
  all.feel();
  EXPECT_TRUE(comes_to(all, {"committer 0"}));
  EXPECT_TRUE(all.silent(std::chrono::hours(1)).empty()) << "it was asked just now";
  all.feel();
  EXPECT_TRUE(comes_to(all, {"committer 0"}));
  go.set_value();
  EXPECT_TRUE(comes_to(all, {}));
  all.feel();
  EXPECT_TRUE(comes_to(all, {}));
  end(works);
  end(hangs);
}

TEST_F(Pulse, NamesAWorkerThatIsHeldUp) {
  pulse all(*system_, {});
  std::promise<void> begun, go;
  boost::asio::post(net::scheduler::of(*system_).io(1), [&begun, wait = go.get_future().share()] {
    begun.set_value();
    wait.wait();
  });
  begun.get_future().wait();
  all.feel();
  EXPECT_TRUE(eventually([&] {
    const auto silent = all.silent(at_once);
    return std::count(silent.begin(), silent.end(), "worker 1") == 1 &&
           std::count(silent.begin(), silent.end(), "worker 0") == 0;
  }));
  go.set_value();
  EXPECT_TRUE(comes_to(all, {}));
}

} // namespace
} // namespace stagepost::supervisor
