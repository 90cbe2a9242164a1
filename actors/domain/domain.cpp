#include "actors/domain/domain.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/signers.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "conf/limits.hpp"
#include "conf/stored.hpp"

namespace stagepost::domain {

namespace {

using std::chrono::steady_clock;

/// Answers one domain remembers.
constexpr size_t remembered = 4096;
/// How old the sum of a domain's mail may be.
constexpr auto sum_age = std::chrono::seconds(30);
/// When the sum is tried again that could not be had.
constexpr auto sum_pause = std::chrono::seconds(1);
/// How long the first who ask wait for the first sum, and how many of them: a server that has just started
/// must not fill a full domain, nor must a long walk through a large one hold up mail.
constexpr auto first_sum_patience = std::chrono::seconds(1);
constexpr size_t most_waiting_for_sum = 1000;

} // namespace

caf::result<address_found> domain_state::find(const std::string& local_part) {
  if (settings.disabled)
    return address_found{address_kind::disabled, {}, true, settings.require_auth, record.id};
  sum_up_if_stale();
  auto found = look_up_or_recall(local_part);
  found.caps = conf::hourly_caps(settings);
  found.footer = footer;
  const bool must_wait = found.kind == address_kind::account && settings.disk_space.bytes != 0 && !knows_sum;
  if (!must_wait || steady_clock::now() >= patience_ends_at || waiting.size() >= most_waiting_for_sum)
    return judge(std::move(found));
  auto answer = self->make_response_promise<address_found>();
  waiting.emplace_back(std::move(found), open_answer<address_found>(answer));
  return answer;
}

address_found domain_state::look_up_or_recall(const std::string& local_part) {
  const auto all = from.settings->get();
  if (all->smtp_in.plus_separator != plus_separator) {
    forget_answers();
    plus_separator = all->smtp_in.plus_separator;
  }
  if (const auto known = recent_by_name.find(local_part); known != recent_by_name.end()) {
    recent.splice(recent.begin(), recent, known->second);
    return known->second->second;
  }
  auto answer = look_up(*from.system, record, settings, plus_separator, local_part);
  if (answer.kind != address_kind::unavailable) remember(local_part, answer);
  return answer;
}

void domain_state::remember(const std::string& local_part, const address_found& answer) {
  recent.emplace_front(local_part, answer);
  recent_by_name[local_part] = recent.begin();
  if (recent.size() <= remembered) return;
  recent_by_name.erase(recent.back().first);
  recent.pop_back();
}

void domain_state::forget_answers() {
  recent_by_name.clear();
  recent.clear();
}

address_found domain_state::judge(address_found found) const {
  // What is only sent on takes no space.
  if (found.kind == address_kind::account && found.target.forwards != forwarding::away &&
      settings.disk_space.bytes != 0 && used_bytes >= settings.disk_space.bytes)
    found.kind = address_kind::domain_full;
  return found;
}

void domain_state::change(storage::domain_record changed) {
  const auto space = settings.disk_space;
  const auto way = way_out_of(settings);
  record = std::move(changed);
  take_settings();
  if (way_out_of(settings) != way) from.settings->note_other_way();
  forget_answers();
  signers = nullptr;
  ++life;
  if (space == settings.disk_space) return;
  if (knows_sum && (settings.disk_space.bytes == 0 || settings.disk_space > space))
    tell(alarm.look(used_bytes, settings.disk_space.bytes),
         {}); // there may be room: that need not wait for a sum
  // By another limit the old sum is too old.
  next_sum_at = {};
  knows_sum = false;
  patience_ends_at = {};
}

void domain_state::take_settings() {
  const auto decoded = conf::decode<conf::domain_settings>(
      conf::stored_settings(record.settings.begin(), record.settings.end()));
  for (const auto& refused : decoded.refused)
    log::warn("domain {}: setting {} is not used: {}", record.name, refused.name, refused.sentence);
  settings = decoded.settings;
  footer = footer_of(settings);
}

// In the pool: to open a key means to read, to decrypt and to parse it.
caf::result<signers_found> domain_state::find_signers() {
  if (signers) return signers_found{true, signers};
  auto promise = self->make_response_promise<signers_found>();
  open_answer<signers_found> answer(promise);
  const auto opened = std::make_shared<signers_found>();
  auto work = offload::make_work([from = from, record = record, settings = settings, opened] {
    *opened = open_signers(from, record, settings);
  });
  self->request(from.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, answer, opened, asked = life](offload::work_done) {
            if (opened->done && asked == life) signers = opened->signers;
            answer.deliver(*opened);
          },
          [answer](caf::error&) { answer.deliver(signers_found{}); });
  return promise;
}

void domain_state::sum_up_if_stale() {
  if (settings.disk_space.bytes == 0) return;
  if (!knows_sum && patience_ends_at.time_since_epoch().count() == 0) {
    patience_ends_at = steady_clock::now() + first_sum_patience;
    self->delayed_send(self, first_sum_patience, atom::tick::value);
  }
  if (summing || steady_clock::now() < next_sum_at) return;
  summing = true;
  const auto sum = std::make_shared<space_sum>();
  auto work = offload::make_work([from = from, record = record, sum] { *sum = sum_up(from, record); });
  self->request(from.readers, caf::infinite, offload::run_work{work})
      .then([this, sum](offload::work_done) { summed_up(*sum); },
            [this](caf::error&) { // the pool is full
              summing = false;
              next_sum_at = steady_clock::now() + sum_pause;
              answer_waiting();
            });
}

void domain_state::summed_up(const space_sum& sum) {
  summing = false;
  knows_sum = true;
  next_sum_at = steady_clock::now() + sum_age;
  used_bytes = sum.used_bytes;
  answer_waiting();
  tell(alarm.look(used_bytes, settings.disk_space.bytes), sum.readers);
}

void domain_state::tell(space_alarm::news news, const std::vector<domain_reader>& readers) {
  if (news == space_alarm::news::none) return;
  const bool used_up = news == space_alarm::news::used_up;
  if (used_up)
    log::warn("domain {}: its disk space of {} MB is used up, no more mail is accepted", record.name,
              settings.disk_space.in_mb());
  if (watcher)
    caf::anon_send(watcher, space_crossed{record.id, record.name, used_bytes, settings.disk_space.bytes,
                                          used_up, used_up ? readers : std::vector<domain_reader>{}});
}

void domain_state::answer_waiting() {
  for (auto& [found, answer] : std::exchange(waiting, {})) answer.deliver(judge(std::move(found)));
}

domain_self::behavior_type domain(domain_self::stateful_pointer<domain_state> self, stores from,
                                  storage::domain_record record, space_watcher_actor watcher) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.from = std::move(from);
  state.record = std::move(record);
  state.watcher = std::move(watcher);
  state.take_settings();
  return {
      [self](const find_local& what) { return self->state.find(what.local_part); },
      [self](const find_signers&) { return self->state.find_signers(); },
      [self](const find_way_out&) {
        return way_out_found{true, way_out_of(self->state.settings)};
      },
      [self](const domain_changed& what) { self->state.change(what.record); },
      [self](const watch_space& what) { self->state.watcher = what.who; },
      [self](atom::drain) {
        self->state.answer_waiting();
        self->quit();
      },
      [self](atom::tick) {
        if (steady_clock::now() >= self->state.patience_ends_at) self->state.answer_waiting();
      },
  };
}

} // namespace stagepost::domain
