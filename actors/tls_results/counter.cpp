#include "actors/tls_results/counter.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"

#include <utility>

namespace stagepost::tls_results {

namespace {

constexpr auto write_interval = std::chrono::seconds(5);
/// Rows summed up in memory; a store that does not take writes must not fill it.
constexpr size_t most_sums = 10000;
/// Rows of one answer.
constexpr size_t most_answered = 50000;

std::chrono::sys_days today() { return std::chrono::floor<std::chrono::days>(wall_clock()); }

} // namespace

storage::result<done> add_to_store(storage::batch& b, const storage::store& system, const sums& what,
                                   std::chrono::sys_days today, size_t most_rows) {
  std::map<std::chrono::sys_days, size_t> rows;
  bool is_new_day = false;
  for (const auto& [key, sessions] : what) {
    const auto before = storage::read_tls_sessions(system, key, storage::reach::disk);
    if (!before) return before.error();
    if (*before == 0) {
      auto known = rows.find(key.day);
      if (known == rows.end()) {
        const auto there = storage::count_tls_results(system, key.day, most_rows, storage::reach::disk);
        if (!there) return there.error();
        known = rows.emplace(key.day, *there).first;
        is_new_day = is_new_day || *there == 0;
      }
      if (known->second >= most_rows) continue;
      ++known->second;
    }
    storage::put_tls_result(b, {key, *before + sessions});
  }
  // Once a day, and not every five seconds: ranges that are dropped make reads slower.
  if (is_new_day) storage::delete_tls_results_before(b, today - kept_for);
  return done{};
}

void counter_state::add(storage::tls_result_key what, uint64_t sessions) {
  const auto at = counted.find(what);
  if (at != counted.end())
    at->second += sessions;
  else if (counted.size() < most_sums)
    counted.emplace(std::move(what), sessions);
}

void counter_state::write(std::function<void(bool)> then) {
  waiting.push_back(std::move(then));
  if (!writing) begin_write();
}

void counter_state::begin_write() {
  const auto told = std::exchange(waiting, {});
  if (counted.empty()) {
    for (const auto& each : told) each(true);
    return;
  }
  writing = true;
  const auto taken = std::make_shared<const sums>(std::exchange(counted, {}));
  const auto batch = std::make_shared<storage::batch>(*with.system);
  const auto added = std::make_shared<storage::result<done>>(storage::errc::io_error);
  auto work = offload::make_work([system = with.system, batch, taken, added, day = today()] {
    *added = add_to_store(*batch, *system, *taken, day);
  });
  const auto failed = [this, taken, told](const caf::error& why) {
    log::warn("results of TLS: not written, tried again: {}", describe(why));
    end_write(*taken, told, false);
  };
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, taken, told, added, failed](offload::work_done) {
            if (!*added) return failed(to_error(added->error()));
            if (batch->empty()) return end_write(*taken, told, true);
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([this, taken, told](committer::committed) { end_write(*taken, told, true); }, failed);
          },
          failed);
}

void counter_state::end_write(const sums& taken, const std::vector<std::function<void(bool)>>& told,
                              bool done) {
  writing = false;
  if (!done)
    for (const auto& [key, sessions] : taken) add(key, sessions);
  for (const auto& each : told) each(done);
  if (!waiting.empty()) begin_write();
}

caf::result<results_found> counter_state::read(const read_results& what) {
  auto promise = self->make_response_promise<results_found>();
  open_answer<results_found> answer(promise);
  write([this, what, answer](bool written) {
    if (!written) return answer.deliver(results_found{false, "The results cannot be written now.", {}});
    read_written(what, answer);
  });
  return promise;
}

void counter_state::read_written(const read_results& what, const open_answer<results_found>& answer) {
  const auto found = std::make_shared<results_found>();
  auto work = offload::make_work([system = with.system, what, found] {
    auto rows =
        storage::read_tls_results(*system, what.first, what.last, most_answered, storage::reach::disk);
    found->done = bool(rows);
    if (rows)
      found->rows = std::move(*rows);
    else
      found->sentence = "The results cannot be read.";
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then([answer, found](offload::work_done) { answer.deliver(std::move(*found)); },
            [answer](caf::error&) {
              answer.deliver(results_found{false, "Too busy, try again.", {}});
            });
}

counter_self::behavior_type counter(counter_self::stateful_pointer<counter_state> self, services with) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  self->set_exit_handler([self](const caf::exit_msg& why) {
    self->state.write([self, reason = why.reason](bool) { self->quit(reason); });
  });
  self->delayed_send(self, write_interval, atom::tick::value);
  return {
      [self](const session_seen& seen) {
        auto what = seen.what;
        what.day = today();
        self->state.add(std::move(what), 1);
      },
      [self](const read_results& what) { return self->state.read(what); },
      [self](atom::tick) {
        self->delayed_send(self, write_interval, atom::tick::value);
        if (!self->state.writing) self->state.write([](bool) {});
      },
  };
}

} // namespace stagepost::tls_results
