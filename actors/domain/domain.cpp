#include "actors/domain/domain.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "conf/stored.hpp"
#include "storage/directory.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::domain {

namespace {

/// Answers one domain remembers.
constexpr size_t remembered = 4096;
/// How old the sum of a domain's mail may be.
constexpr auto sum_age = std::chrono::seconds(30);
/// Users read at a time while summing up.
constexpr size_t sum_step = 500;

conf::stored_settings to_stored(const storage::setting_map& map) { return {map.begin(), map.end()}; }

uint64_t sum_of_domain(const stores& from, domain_id domain) {
  uint64_t sum = 0;
  std::string next;
  for (;;) {
    const auto accounts = storage::read_accounts(*from.system, domain, next, sum_step, storage::reach::disk);
    if (!accounts || accounts->empty()) return sum;
    for (const auto& account : *accounts) {
      if (account.shard >= from.shards.size()) continue;
      const auto& shard = *from.shards[account.shard];
      const auto folders = storage::read_folders(shard, account.id, storage::reach::disk);
      if (!folders) continue;
      for (const auto& folder : *folders)
        if (const auto counters = storage::read_counters(shard, folder.id, storage::reach::disk))
          sum += counters->size_bytes;
    }
    if (accounts->size() < sum_step) return sum;
    next = accounts->back().local_part + '\0';
  }
}

} // namespace

address_found domain_state::find(const std::string& local_part) {
  if (settings.disabled) return {address_kind::disabled, {}, true, settings.require_auth};
  sum_up_if_stale();
  auto answer = address_found{};
  if (const auto known = recent_by_name.find(local_part); known != recent_by_name.end()) {
    recent.splice(recent.begin(), recent, known->second);
    answer = known->second->second;
  } else {
    answer = look_up(*from.system, record, settings, from.settings->get()->smtp_in.plus_separator, local_part);
    if (answer.kind != address_kind::unavailable) remember(local_part, answer);
  }
  if (answer.kind == address_kind::account && settings.disk_space.bytes != 0 &&
      used_bytes >= settings.disk_space.bytes)
    answer.kind = address_kind::domain_full;
  return answer;
}

void domain_state::remember(const std::string& local_part, const address_found& answer) {
  recent.emplace_front(local_part, answer);
  recent_by_name[local_part] = recent.begin();
  if (recent.size() <= remembered) return;
  recent_by_name.erase(recent.back().first);
  recent.pop_back();
}

void domain_state::sum_up_if_stale() {
  const auto now = std::chrono::steady_clock::now();
  if (summing || settings.disk_space.bytes == 0 || (summed_at.time_since_epoch().count() != 0 && now - summed_at < sum_age))
    return;
  summing = true;
  const auto sum = std::make_shared<uint64_t>(0);
  auto work = offload::make_work([from = from, domain = record.id, sum] { *sum = sum_of_domain(from, domain); });
  const auto finish = [this] {
    summing = false;
    summed_at = std::chrono::steady_clock::now();
  };
  self->request(from.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, sum, finish](offload::work_done) {
            if (*sum >= settings.disk_space.bytes && used_bytes < settings.disk_space.bytes)
              log::warn("domain {}: its disk space of {} MB is used up, no more mail is accepted", record.name,
                        settings.disk_space.in_mb());
            used_bytes = *sum;
            finish();
          },
          [finish](caf::error&) { finish(); });
}

domain_actor::behavior_type domain(domain_actor::stateful_pointer<domain_state> self, stores from,
                                   storage::domain_record record) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.from = std::move(from);
  state.record = std::move(record);
  const auto decoded = conf::decode<conf::domain_settings>(to_stored(state.record.settings));
  for (const auto& refused : decoded.refused)
    log::warn("domain {}: setting {} is not used: {}", state.record.name, refused.name, refused.sentence);
  state.settings = decoded.settings;
  return {
      [self](const find_local& what) { return self->state.find(what.local_part); },
      [self](atom::status) { return self->state.record; },
  };
}

} // namespace stagepost::domain
