#include "actors/supervisor/pulse.hpp"

#include "actors/net/scheduler.hpp"

#include <boost/asio/post.hpp>

namespace stagepost::supervisor {

pulse::pulse(caf::actor_system& system, const std::vector<committer::committer_actor>& committers)
    : system_(system), timers_(std::make_shared<beat>()) {
  const auto named = [](std::string name) {
    auto made = std::make_shared<beat>();
    made->name = std::move(name);
    return made;
  };
  for (size_t i = 0; i < net::scheduler::of(system).worker_count(); ++i)
    workers_.push_back(named("worker " + std::to_string(i)));
  timers_->name = "timers";
  for (size_t i = 0; i < committers.size(); ++i)
    committers_.push_back(named(i == 0 ? "system committer" : "committer " + std::to_string(i - 1)));
  messenger_ = system.spawn(messenger, timers_, committers_, committers);
}

pulse::~pulse() { caf::anon_send_exit(messenger_, caf::exit_reason::user_shutdown); }

/// A beat whose question is under way is not asked again, so that nothing piles up behind what hangs.
caf::behavior pulse::messenger(caf::event_based_actor* self, beat_ptr timers, std::vector<beat_ptr> beats,
                               std::vector<committer::committer_actor> committers) {
  const auto asked = std::make_shared<std::vector<bool>>(beats.size());
  const auto timer_is_set = std::make_shared<bool>(false);
  return {
      [=](atom::tick) {
        if (timers->asked_at != 0 && !*timer_is_set) {
          *timer_is_set = true;
          self->delayed_send(self, std::chrono::milliseconds(1), atom::flush::value);
        }
        for (size_t i = 0; i < beats.size(); ++i) {
          if (beats[i]->asked_at == 0 || (*asked)[i]) continue;
          (*asked)[i] = true;
          const auto answered = [asked, i, beat = beats[i]] {
            (*asked)[i] = false;
            beat->asked_at = 0;
          };
          // With no lease it only waits for what was handed in before.
          self->request(committers[i], caf::infinite, committer::revoke_lease{})
              .then([answered](committer::lease_revoked) { answered(); },
                    [answered](caf::error&) { answered(); });
        }
      },
      [=](atom::flush) {
        *timer_is_set = false;
        timers->asked_at = 0;
      },
  };
}

void pulse::feel() {
  const auto now = clock::now().time_since_epoch().count();
  const auto ask = [now](beat& each) {
    clock::rep answered = 0;
    return each.asked_at.compare_exchange_strong(answered, now);
  };
  auto& scheduler = net::scheduler::of(system_);
  for (size_t i = 0; i < workers_.size(); ++i)
    if (ask(*workers_[i])) boost::asio::post(scheduler.io(i), [beat = workers_[i]] { beat->asked_at = 0; });
  ask(*timers_);
  for (const auto& each : committers_) ask(*each);
  caf::anon_send(messenger_, atom::tick::value);
}

std::vector<std::string> pulse::silent(clock::duration limit) const {
  std::vector<std::string> out;
  const auto now = clock::now();
  const auto look = [&](const beat& each) {
    const clock::rep asked_at = each.asked_at;
    if (asked_at != 0 && now - clock::time_point(clock::duration(asked_at)) > limit) out.push_back(each.name);
  };
  for (const auto& each : workers_) look(*each);
  look(*timers_);
  for (const auto& each : committers_) look(*each);
  return out;
}

std::vector<committer::committer_actor> committers_of(const tree& what) {
  std::vector<committer::committer_actor> out{what.system_committer};
  for (const auto& shard : what.shards) out.push_back(shard.with.committer);
  return out;
}

} // namespace stagepost::supervisor
