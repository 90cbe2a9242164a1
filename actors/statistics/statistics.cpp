#include "actors/statistics/statistics.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace stagepost::statistics {

namespace {

constexpr auto write_interval = std::chrono::seconds(5);
/// Days and domains summed up in memory; a store that does not take writes must not fill it.
constexpr size_t most_sums = 50000;
/// Rows of one answer.
constexpr size_t most_days = 4000;
/// Days that go with one batch.
constexpr size_t days_per_step = 500;
constexpr auto look_interval = std::chrono::hours(1);
/// A wall clock that was set wrong is set right within this time, or it was right.
constexpr auto trust_after_jump = std::chrono::hours(24);

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }
std::chrono::sys_days today() { return std::chrono::floor<std::chrono::days>(wall_clock()); }

using found_number = storage::result<std::optional<domain_id>>;

found_number to_number(const storage::result<storage::domain_record>& found) {
  if (found) return std::optional(found->id);
  if (found.error().code == storage::errc::not_found) return std::optional<domain_id>{};
  return found.error();
}

/// Nothing when there is no such domain (any more).
found_number find_number(const storage::store& system, const std::string& name) {
  const auto canonical = smtp::canonical_domain(name);
  if (!canonical) return std::optional<domain_id>{};
  return to_number(storage::find_domain(system, *canonical, storage::reach::disk));
}

found_number find_number(const storage::store& system, domain_id domain, const std::string& name) {
  if (!name.empty()) return find_number(system, name);
  if (!domain) return std::optional(domain); // the whole server
  return to_number(storage::read_domain(system, domain, storage::reach::disk));
}

} // namespace

storage::result<done> add_to_store(storage::batch& b, const storage::store& system, const sums& what) {
  std::map<std::pair<domain_id, std::string>, std::optional<domain_id>> numbers;
  std::map<std::pair<domain_id, std::chrono::sys_days>, storage::day_counts> rows;
  for (const auto& [key, counts] : what) {
    const auto& [day, domain, name] = key;
    auto known = numbers.find({domain, name});
    if (known == numbers.end()) {
      const auto found = find_number(system, domain, name);
      if (!found) return found.error();
      known = numbers.emplace(std::pair(domain, name), *found).first;
    }
    if (known->second) rows[{*known->second, day}] += counts;
  }
  for (auto& [key, counts] : rows) {
    const auto stored = storage::read_statistics(system, key.first, key.second, storage::reach::disk);
    if (!stored) return stored.error();
    counts += *stored;
    storage::put_statistics(b, {key.first, key.second, counts});
  }
  return done{};
}

std::chrono::sys_days first_kept(std::chrono::sys_days today, std::chrono::months kept) {
  auto day = std::chrono::year_month_day(today) - kept;
  if (!day.ok()) day = day.year() / day.month() / std::chrono::last;
  return day;
}

void statistics_state::add(const happened& what) {
  if (with.settings->get()->smtp_in.allow_relay == conf::relay_for::anyone) return; // SMTPIN-06, REP-04
  const auto day = today();
  add({day, domain_id{}, {}}, what.server);
  for (const auto& each : what.domains)
    if (each.domain || !each.name.empty()) add({day, each.domain, each.name}, each.counts);
}

void statistics_state::add(sums::key_type key, const storage::day_counts& counts) {
  const auto at = counted.find(key);
  if (at != counted.end()) {
    at->second += counts;
    return;
  }
  if (counted.size() < most_sums) {
    counted.emplace(std::move(key), counts);
    return;
  }
  if (!std::exchange(told_of_loss, true))
    log::error("statistics: too many wait for the store to take them; more are not counted");
}

void statistics_state::write(std::function<void(bool)> then) {
  waiting.push_back(std::move(then));
  if (!writing) begin_write();
}

void statistics_state::begin_write() {
  const auto told = std::exchange(waiting, {});
  if (counted.empty()) {
    for (const auto& each : told) each(true);
    return;
  }
  writing = true;
  const auto taken = std::make_shared<const sums>(std::exchange(counted, {}));
  const auto batch = std::make_shared<storage::batch>(*with.system);
  const auto added = std::make_shared<storage::result<done>>(storage::errc::io_error);
  auto work = offload::make_work(
      [system = with.system, batch, taken, added] { *added = add_to_store(*batch, *system, *taken); });
  const auto failed = [this, taken, told](const caf::error& why) {
    log::warn("statistics: not written, tried again: {}", describe(why));
    end_write(*taken, told, false);
  };
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, taken, told, added, failed](offload::work_done) {
            if (!*added) return failed(to_error(added->error()));
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([this, taken, told](committer::committed) { end_write(*taken, told, true); }, failed);
          },
          failed);
}

void statistics_state::end_write(const sums& taken, const std::vector<std::function<void(bool)>>& told,
                                 bool done) {
  writing = false;
  told_of_loss = told_of_loss && !done;
  if (!done)
    for (const auto& [key, counts] : taken) add(key, counts);
  for (const auto& each : told) each(done);
  if (!waiting.empty()) begin_write();
}

void statistics_state::tick() {
  self->delayed_send(self, write_interval, atom::tick::value);
  if (!writing) write([](bool) {});
  // Nothing expires by a jump of the clock: who set it wrong has time to notice.
  if (clock.look(wall_clock(), now()).count() != 0) look_at = now() + trust_after_jump;
  if (now() < look_at) return;
  look_at = now() + look_interval;
  remove_old_days([](bool) {});
}

caf::result<days_found> statistics_state::read(const read_days& what) {
  auto promise = self->make_response_promise<days_found>();
  open_answer<days_found> answer(promise);
  write([this, what, answer](bool written) {
    if (!written) return answer.deliver(days_found{false, "The statistics cannot be written now.", {}});
    read_written(what, answer);
  });
  return promise;
}

void statistics_state::read_written(const read_days& what, const open_answer<days_found>& answer) {
  const auto found = std::make_shared<days_found>();
  auto work = offload::make_work([system = with.system, what, found] {
    const auto number =
        what.domain.empty() ? found_number(std::optional(domain_id{})) : find_number(*system, what.domain);
    if (number && !*number) {
      found->sentence = fmt::format("There is no domain {}.", printable(what.domain, 100));
      return;
    }
    if (number)
      if (auto days = storage::read_statistics(*system, **number, what.first, what.last, most_days,
                                               storage::reach::disk)) {
        found->done = true;
        found->days = std::move(*days);
        return;
      }
    found->sentence = "The statistics cannot be read.";
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then([answer, found](offload::work_done) { answer.deliver(std::move(*found)); },
            [answer](caf::error&) {
              answer.deliver(days_found{false, "Too busy, try again.", {}});
            });
}

caf::result<old_removed> statistics_state::remove() {
  auto promise = self->make_response_promise<old_removed>();
  open_answer<old_removed> answer(promise);
  remove_old_days([answer](bool done) { answer.deliver(old_removed{done}); });
  return promise;
}

void statistics_state::remove_old_days(std::function<void(bool)> then) {
  const auto rules = with.settings->get()->reports;
  storage::kept_statistics kept;
  if (rules.delete_server_stats) kept.server = first_kept(today(), rules.delete_server_stats_after);
  if (rules.delete_domain_stats) kept.domains = first_kept(today(), rules.delete_domain_stats_after);
  const auto batch = std::make_shared<storage::batch>(*with.system);
  const auto removed = std::make_shared<storage::result<size_t>>(storage::errc::io_error);
  auto work = offload::make_work([system = with.system, kept, batch, removed] {
    *removed = storage::delete_statistics(*batch, *system, kept, days_per_step);
  });
  const auto failed = [then](const caf::error& why) {
    log::warn("statistics: what is too old is not removed: {}", describe(why));
    then(false);
  };
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, removed, then, failed](offload::work_done) {
            if (!*removed) return failed(to_error(removed->error()));
            if (**removed == 0) return then(true);
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([this, then](committer::committed) { remove_old_days(then); }, failed);
          },
          failed);
}

statistics_self::behavior_type statistics(statistics_self::stateful_pointer<statistics_state> self,
                                          services with) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  state.clock = jump_watch(wall_clock(), now());
  state.look_at = now() + look_interval;
  self->set_exit_handler([self](const caf::exit_msg& why) {
    self->state.write([self, reason = why.reason](bool) { self->quit(reason); });
  });
  self->delayed_send(self, write_interval, atom::tick::value);
  return {
      [self](const happened& what) { self->state.add(what); },
      [self](const read_days& what) { return self->state.read(what); },
      [self](remove_old) { return self->state.remove(); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::statistics
