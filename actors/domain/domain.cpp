#include "actors/domain/domain.hpp"

#include "actors/log/log.hpp"
#include "conf/stored.hpp"
#include "protocols/smtp/address.hpp"
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

account_target target_of(const storage::account_record& account, const storage::domain_record& domain) {
  const auto user = conf::decode<conf::user_settings>(to_stored(account.settings)).settings;
  return {account.id, account.shard, user.quota ? user.quota->bytes : 0,
          smtp::to_string(smtp::mailbox{account.local_part, domain.name}), {}};
}

address_found domain_state::find(const std::string& local_part) {
  if (settings.disabled) return {address_kind::disabled, {}, true, settings.require_auth};
  sum_up_if_stale();
  auto answer = address_found{};
  if (const auto known = recent_by_name.find(local_part); known != recent_by_name.end()) {
    recent.splice(recent.begin(), recent, known->second);
    answer = known->second->second;
  } else {
    answer = look_up(local_part, 0);
    if (answer.kind != address_kind::unavailable) remember(local_part, answer);
  }
  if (answer.kind == address_kind::account && settings.disk_space.bytes != 0 &&
      used_bytes >= settings.disk_space.bytes)
    answer.kind = address_kind::domain_full;
  return answer;
}

address_found domain_state::look_up(const std::string& local_part, int depth) const {
  address_found answer{address_kind::unknown, {}, true, settings.require_auth};
  // The system store is small and its blocks stay in the cache; a miss is one read after a start.
  const auto account = storage::find_account(*from.system, record.id, local_part, storage::reach::disk);
  if (account) {
    const auto user = conf::decode<conf::user_settings>(to_stored(account->settings)).settings;
    answer.kind = user.disabled ? address_kind::disabled : address_kind::account;
    answer.target = target_of(*account, record);
    return answer;
  }
  if (account.error().code != storage::errc::not_found) {
    answer.kind = address_kind::unavailable;
    return answer;
  }
  const auto alias = storage::find_alias(*from.system, record.id, local_part, storage::reach::disk);
  if (alias || alias.error().code != storage::errc::not_found) {
    answer.kind = alias ? address_kind::alias : address_kind::unavailable;
    return answer;
  }
  if (depth > 0) return answer;
  // Plus addressing: alice+lists is alice, folder "lists" if she has one.
  const auto separator = from.settings->get()->smtp_in.plus_separator;
  if (const auto at = separator.empty() ? local_part.npos : local_part.find(separator);
      at != local_part.npos && at > 0) {
    auto base = look_up(local_part.substr(0, at), depth + 1);
    if (base.kind != address_kind::unknown) {
      if (base.kind == address_kind::account) base.target.folder = local_part.substr(at + separator.size());
      return base;
    }
  }
  // RFC 5321 4.5.1, RFC 2142: these always arrive. Without a user or alias of that name they go to the first
  // administrator of the domain, or else to its first user.
  if (local_part == "postmaster" || local_part == "abuse") {
    const auto users = storage::read_accounts(*from.system, record.id, "", sum_step, storage::reach::disk);
    if (!users) answer.kind = address_kind::unavailable;
    if (!users || users->empty()) return answer;
    const storage::account_record* reader = &users->front();
    for (const auto& each : *users)
      if (each.role == storage::account_role::domain_admin) {
        reader = &each;
        break;
      }
    answer.kind = address_kind::account;
    answer.target = target_of(*reader, record);
    return answer;
  }
  if (settings.catch_all && !settings.catch_all_target.empty()) {
    const auto target = smtp::parse_mailbox(settings.catch_all_target, true);
    if (target) {
      auto caught = look_up(smtp::canonical_local(target->local), depth + 1);
      if (caught.kind == address_kind::account) return caught;
    }
  }
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
