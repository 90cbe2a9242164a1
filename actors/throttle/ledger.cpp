#include "actors/throttle/ledger.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace stagepost::throttle {

namespace {

using storage::hourly_counts;
using storage::hourly_key;
using storage::hourly_kind;

/// Rows of hours that are over that go with one message.
constexpr size_t most_over = 500;

uint32_t hour_of(instant at) {
  return uint32_t(
      std::max<int64_t>(0, std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count()));
}

/// A message that is larger than what the whole hour may have goes as the first of an hour, or it never
/// would.
bool is_too_much(uint64_t so_far, uint64_t octets, uint64_t most) {
  return most == 0 || (so_far != 0 && so_far + octets > most);
}

hourly_counts& operator+=(hourly_counts& to, const hourly_counts& more) {
  to.messages += more.messages;
  to.octets += more.octets;
  return to;
}

void take_off(hourly_counts& from, const hourly_counts& what) {
  from.messages -= std::min(from.messages, what.messages);
  from.octets -= std::min(from.octets, what.octets);
}

} // namespace

std::string time_of_day(instant at) {
  return fmt::format("{:%H:%M} UTC", fmt::gmtime(std::time_t(unix_seconds(at))));
}

instant end_of_hour(instant at) { return std::chrono::floor<std::chrono::hours>(at) + std::chrono::hours(1); }

void ledger::load(size_t shard, const std::vector<storage::hourly_row>& rows, instant now) {
  hour_ = hour_of(now);
  for (const auto& each : rows) {
    // What waits was counted to the hour it is sent in.
    if (each.key.hour != hour_ && each.key.hour != hour_ + 1) {
      over_[shard].push_back(each.key);
      continue;
    }
    of_shard_[shard][each.key] += each.counts;
    total_[each.key] += each.counts;
  }
}

/// Keeps this hour and, when time went on as it should, what was counted to the next.
void ledger::turn_to(uint32_t hour) {
  if (hour == hour_) return;
  const auto is_kept = [&](const hourly_key& key) {
    return key.hour == hour || (hour > hour_ && key.hour == hour + 1);
  };
  std::erase_if(total_, [&](const auto& each) { return !is_kept(each.first); });
  for (size_t i = 0; i < of_shard_.size(); ++i)
    std::erase_if(of_shard_[i], [&](const auto& each) {
      if (is_kept(each.first)) return false;
      over_[i].push_back(each.first);
      return true;
    });
  told_.clear();
  hour_ = hour;
}

hourly_counts ledger::so_far(hourly_kind kind, uint64_t who) const {
  const auto known = total_.find({hour_, kind, who});
  return known == total_.end() ? hourly_counts{} : known->second;
}

ledger::ruling ledger::reached(const conf::hourly_cap& cap, const hourly_key& key, const std::string& name,
                               const char* of_what) {
  if (!cap.counts()) return ruling::pass;
  const bool refuses = cap.action == conf::throttle_action::reject;
  if (told_.insert({key, of_what}).second)
    news_.push_back(fmt::format("{}: the hourly limit of {} is reached, more {}", name, of_what,
                                refuses ? "is refused" : "waits until the hour ends"));
  return refuses ? ruling::refuse : ruling::delay;
}

ledger::ruling ledger::rule(const sending& what) {
  auto found = ruling::pass;
  const auto note = [&](const conf::hourly_cap& cap, hourly_kind kind, uint64_t who, const char* of_what) {
    found = std::max(found, reached(cap, {hour_, kind, who}, what.name, of_what));
  };
  const auto& caps = what.caps;
  const auto of_domain = so_far(hourly_kind::domain_sends, what.domain.value);
  if (of_domain.messages + what.messages > caps.messages.most)
    note(caps.messages, hourly_kind::domain_sends, what.domain.value, "messages of the domain");
  if (is_too_much(of_domain.octets, what.octets, caps.octets.most))
    note(caps.octets, hourly_kind::domain_sends, what.domain.value, "data of the domain");
  const auto of_user = so_far(hourly_kind::user_sends, what.user.value);
  if (what.of_user.messages && of_user.messages + what.messages > *what.of_user.messages)
    note(caps.messages, hourly_kind::user_sends, what.user.value, "messages");
  if (what.of_user.octets && is_too_much(of_user.octets, what.octets, *what.of_user.octets))
    note(caps.octets, hourly_kind::user_sends, what.user.value, "data");
  return found;
}

ledger::ruling ledger::rule(const bounces& what) {
  const auto known = so_far(hourly_kind::domain_bounces, what.domain.value);
  if (known.messages + what.messages <= what.cap.most) return ruling::pass;
  return reached(what.cap, {hour_, hourly_kind::domain_bounces, what.domain.value}, what.name,
                 "reports of failed deliveries");
}

ledger::ruling ledger::rule(const charge& what) {
  auto found = what.sent ? rule(*what.sent) : ruling::pass;
  for (const auto& each : what.received) found = std::max(found, rule(each));
  return found;
}

passage ledger::check(const charge& what, instant now) {
  turn_to(hour_of(now));
  if (rule(what) != ruling::refuse) return {};
  return {end_of_hour(now)};
}

void ledger::add(const hourly_key& key, const hourly_counts& counts, size_t shard, message_booked& into) {
  total_[key] += counts;
  auto& here = of_shard_[shard][key];
  here += counts;
  into.rows.push_back({key, here});
  into.entries.push_back({key, counts});
}

message_booked ledger::book(const charge& what, size_t shard, instant now) {
  turn_to(hour_of(now));
  message_booked out;
  if (rule(what) == ruling::refuse) {
    out.refused_until = end_of_hour(now);
    return out;
  }
  if (what.sent) {
    // What waits is sent in the next hour, so it counts there.
    const bool waits = rule(*what.sent) == ruling::delay;
    if (waits) out.sent_after = end_of_hour(now);
    const auto hour = hour_ + (waits ? 1 : 0);
    const hourly_counts counts{what.sent->messages, what.sent->octets};
    add({hour, hourly_kind::domain_sends, what.sent->domain.value}, counts, shard, out);
    if (what.sent->of_user.messages || what.sent->of_user.octets)
      add({hour, hourly_kind::user_sends, what.sent->user.value}, counts, shard, out);
  }
  for (const auto& each : what.received) {
    const bool waits = rule(each) == ruling::delay;
    if (waits) out.received_after.emplace_back(each.domain, end_of_hour(now));
    add({hour_ + (waits ? 1 : 0), hourly_kind::domain_bounces, each.domain.value}, {each.messages, 0}, shard,
        out);
  }
  auto& over = over_[shard];
  const auto taken = over.begin() + ptrdiff_t(std::min(over.size(), most_over));
  out.over.assign(over.begin(), taken);
  over.erase(over.begin(), taken);
  // A clock that went to and fro may have made one of them the present again.
  std::erase_if(out.over, [&](const hourly_key& key) { return of_shard_[shard].count(key) != 0; });
  return out;
}

void ledger::unbook(const std::vector<entry>& entries, size_t shard) {
  for (const auto& each : entries) {
    if (const auto known = total_.find(each.key); known != total_.end()) take_off(known->second, each.added);
    auto& here = of_shard_[shard];
    if (const auto known = here.find(each.key); known != here.end()) take_off(known->second, each.added);
  }
}

} // namespace stagepost::throttle
