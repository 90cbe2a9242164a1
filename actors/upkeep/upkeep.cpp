#include "actors/upkeep/upkeep.hpp"

#include "actors/error.hpp"

#include <optional>
#include <type_traits>
#include <utility>

namespace stagepost::upkeep {

namespace {

constexpr const char* busy_sentence = "Another backup or verify is under way; try again when it has ended.";
constexpr const char* stopping_sentence = "The server is stopping.";

using worker_actor = caf::typed_actor<caf::replies_to<offload::run_work>::with<offload::work_done>>;

/// Detached, for one piece of work: its thread may block, and ends with it.
worker_actor::behavior_type worker(worker_actor::pointer self) {
  return {[self](const offload::run_work& order) -> caf::result<offload::work_done> {
    self->quit();
    try {
      order.work->run();
      return offload::work_done{};
    } catch (const std::exception& failed) {
      return caf::make_error(caf::sec::runtime_error, std::string(failed.what()));
    }
  }};
}

/// Of all stores, one after the other.
stores_proven prove_all(const all_stores& all, const std::stop_token& stop) {
  stores_proven answer{true, {}, {}, {}};
  auto stores = all.shards;
  stores.push_back(all.system);
  for (const auto& each : stores) {
    storage::verify_options options;
    options.stop = stop;
    auto report = storage::verify(*each, options);
    if (!report)
      return {false, "The store " + each->folder() + " cannot be read: " + report.error().detail, {}, {}};
    if (report->interrupted) return {false, stopping_sentence, {}, {}};
    store_proof proof{each->folder(), std::move(*report)};
    if (each == all.system)
      answer.system = std::move(proof);
    else
      answer.stores.push_back(std::move(proof));
  }
  return answer;
}

} // namespace

struct upkeep_state::backup_run {
  backup_job job;
  open_answer<backup_made> answer;
};

template <class Result>
void upkeep_state::run(std::function<Result()> work, std::function<void(Result)> then) {
  const auto result = std::make_shared<std::optional<Result>>();
  offload::run_work order{offload::make_work([result, work = std::move(work)] { *result = work(); })};
  const auto hand = self->spawn<caf::detached>(worker);
  self->request(hand, caf::infinite, order)
      .then([result, then](offload::work_done) { then(std::move(**result)); },
            [then](caf::error& failed) {
              if constexpr (std::is_same_v<Result, stores_proven>)
                then(stores_proven{false, describe(failed), {}, {}});
              else
                then(failure<storage::errc>{storage::errc::io_error, describe(failed)});
            });
}

caf::result<backup_made> upkeep_state::backup(const make_backup& what) {
  if (what.folder.empty() || what.folder.front() != '/')
    return backup_made{false, "The folder of a backup is an absolute path."};
  if (stop.stop_requested()) return backup_made{false, stopping_sentence};
  if (busy) return backup_made{false, busy_sentence};
  busy = true;
  auto promise = self->make_response_promise<backup_made>();
  const auto on = std::make_shared<backup_run>(
      backup_run{backup_job(stores, what.folder, stop.get_token()), open_answer<backup_made>(promise)});
  refuse_current = [on] { on->answer.deliver(backup_made{false, stopping_sentence}); };
  run<storage::result<done>>([on] { return on->job.prepare(); },
                             [this, on](storage::result<done> ready) {
                               if (ready)
                                 hold(on, 0);
                               else
                                 end(on, std::move(ready));
                             });
  return promise;
}

/// One shard after the other; when nothing crosses any more the shards are copied, and only then it may
/// again.
void upkeep_state::hold(const backup_run_ptr& on, size_t from) {
  if (from < crossings.size()) {
    self->request(crossings[from], caf::infinite, delivery::hold_crossings{})
        .then([this, on, from](delivery::crossings_held) { hold(on, from + 1); },
              [this, on](caf::error& failed) {
                release();
                end(on, failure<storage::errc>{storage::errc::io_error, describe(failed)});
              });
    return;
  }
  run<storage::result<done>>([on] { return on->job.take_shards(); },
                             [this, on](storage::result<done> taken) {
                               release();
                               if (!taken) return end(on, std::move(taken));
                               run<storage::result<done>>([on] { return on->job.finish(); },
                                                          [this, on](storage::result<done> finished) {
                                                            end(on, std::move(finished));
                                                          });
                             });
}

void upkeep_state::release() {
  for (const auto& each : crossings) self->send(each, delivery::release_crossings{});
}

void upkeep_state::end(const backup_run_ptr& on, storage::result<done> outcome) {
  // What a failure left may be much: it goes on that thread too, and the next job waits for it.
  const auto answer = outcome ? backup_made{true, {}} : backup_made{false, outcome.error().detail};
  run<storage::result<done>>(
      [on] {
        on->job.clear();
        return storage::result<done>(done{});
      },
      [this, on, answer](storage::result<done>) {
        busy = false;
        refuse_current = {};
        on->answer.deliver(answer);
      });
}

caf::result<stores_proven> upkeep_state::prove() {
  if (stop.stop_requested()) return stores_proven{false, stopping_sentence, {}, {}};
  if (busy) return stores_proven{false, busy_sentence, {}, {}};
  busy = true;
  auto promise = self->make_response_promise<stores_proven>();
  open_answer<stores_proven> answer(promise);
  refuse_current = [answer]() mutable { answer.deliver(stores_proven{false, stopping_sentence, {}, {}}); };
  run<stores_proven>([all = stores, token = stop.get_token()] { return prove_all(all, token); },
                     [this, answer](stores_proven result) mutable {
                       busy = false;
                       refuse_current = {};
                       answer.deliver(std::move(result));
                     });
  return promise;
}

void upkeep_state::abandon() {
  stop.request_stop();
  if (refuse_current) std::exchange(refuse_current, {})();
}

upkeep_actor::behavior_type upkeep(upkeep_actor::stateful_pointer<upkeep_state> self, all_stores stores,
                                   std::vector<delivery::crossing_actor> crossings) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.stores = std::move(stores);
  self->state.crossings = std::move(crossings);
  // A worker outlives this: the token tells it to end soon.
  self->set_exit_handler([self](const caf::exit_msg& asked) {
    self->state.abandon();
    self->quit(asked.reason);
  });
  return {
      [self](const make_backup& what) { return self->state.backup(what); },
      [self](prove_stores) { return self->state.prove(); },
      [self](atom::stop) { self->state.abandon(); },
  };
}

} // namespace stagepost::upkeep
