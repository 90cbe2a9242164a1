#include "actors/gateway/watch.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/net/scheduler.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/outbound_table.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::gateway {

namespace {

constexpr auto tick_interval = std::chrono::seconds(1);
/// Of one primary; what waits elsewhere for it has its next attempt.
constexpr size_t most_destinations = 10000;
/// Of a range that names the primary.
constexpr size_t most_addresses_tried = 4;
/// Destinations of a shard whose gateways are asked for after a start.
constexpr size_t most_names = 1000;

/// As destinations are called, and as the domain may have been spelled in a recipient's address.
void add_names(const std::string& domain, std::set<std::string>& to) {
  to.insert(ascii_lower(domain));
  if (const auto canonical = smtp::canonical_domain(domain)) to.insert(*canonical);
}

/// Where anything waits in one of the shards, a bounded number.
std::vector<std::string> names_waiting(const std::vector<mailbox::services>& shards) {
  std::set<std::string> found;
  for (const auto& shard : shards)
    if (const auto names = storage::read_destination_names(*shard.store, most_names, storage::reach::disk))
      found.insert(names->begin(), names->end());
  return {found.begin(), found.end()};
}

} // namespace

std::set<std::string> waiting_among(const std::vector<mailbox::services>& shards,
                                    const std::set<std::string>& destinations) {
  std::set<std::string> found;
  for (const auto& each : destinations)
    for (const auto& shard : shards) {
      const auto page = storage::read_destinations(*shard.store, each, {}, 1, storage::reach::disk);
      if (page && page->rows.empty()) continue;
      found.insert(each); // what cannot be read now may wait
      break;
    }
  return found;
}

void watch_state::refused(const primary_refused& what) {
  const auto gateway = gateways.get()->named(what.gateway);
  if (!gateway) return;
  auto [at, first] = away.try_emplace(what.gateway);
  if (first) {
    at->second.knock_at = std::chrono::steady_clock::now() + interval;
    log::info("incoming gateway {}: its primary lets nobody in, mail for it waits", what.gateway);
  }
  if (at->second.destinations.size() < most_destinations) at->second.destinations.insert(what.destination);
}

void watch_state::back(const std::string& gateway) {
  const auto at = away.find(gateway);
  if (at == away.end()) return;
  outbound::send_held order;
  order.destinations.assign(at->second.destinations.begin(), at->second.destinations.end());
  away.erase(at);
  log::info("incoming gateway {}: its primary is back, what waits for it is sent now", gateway);
  self->send(with.dispatcher, std::move(order));
}

void watch_state::tick() {
  if (!looked_at_start) look_at_start();
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::string> due;
  for (const auto& [gateway, each] : away)
    if (!each.is_asked && each.knock_at <= now) due.push_back(gateway);
  for (const auto& each : due) look(each);
}

/// Nobody knows yet whether the primary of what waited before the start is still away: it may be hours until
/// the next attempt.
void watch_state::look_at_start() {
  looked_at_start = true;
  struct seen {
    std::map<std::string, std::set<std::string>> listed; ///< by gateway
    bool asks = false;
    std::vector<std::string> others;
  };
  const auto found = std::make_shared<seen>();
  const auto table = gateways.get();
  for (const auto& each : table->all()) {
    if (each->settings.domain_verification != conf::domain_verification::list) continue;
    for (const auto& domain : each->settings.domains) add_names(domain, found->listed[each->name]);
  }
  found->asks = !table->asking().empty() && with.entry;
  if ((found->listed.empty() && !found->asks) || with.shards.empty()) return;
  auto job = offload::make_work([found, shards = with.shards] {
    for (auto& [gateway, domains] : found->listed) domains = waiting_among(shards, domains);
    if (found->asks) found->others = names_waiting(shards);
  });
  self->request(with.shards.front().readers, caf::infinite, offload::run_work{job})
      .then(
          [this, found](offload::work_done) {
            for (const auto& [gateway, domains] : found->listed)
              for (const auto& domain : domains) held_for(gateway, domain);
            if (found->asks) ask_whose(std::make_shared<std::vector<std::string>>(std::move(found->others)));
          },
          [this](caf::error&) { looked_at_start = false; });
}

void watch_state::ask_whose(std::shared_ptr<std::vector<std::string>> destinations) {
  while (!destinations->empty() && gateways.get()->listing(destinations->back())) destinations->pop_back();
  if (destinations->empty()) return;
  auto next = std::move(destinations->back());
  destinations->pop_back();
  self->request(with.entry, caf::infinite, find_gateway{next})
      .then(
          [this, next, destinations](const gateway_found& found) {
            if (found.how == belonging::known) held_for(found.gateway, next);
            ask_whose(destinations);
          },
          [](caf::error&) {});
}

/// To be knocked at once, if it is not known already.
void watch_state::held_for(const std::string& gateway, const std::string& destination) {
  auto& primary = away[gateway];
  if (primary.destinations.size() < most_destinations) primary.destinations.insert(destination);
}

void watch_state::look(const std::string& gateway) {
  auto& primary = away.at(gateway);
  primary.is_asked = true;
  const auto waits = std::make_shared<std::set<std::string>>(primary.destinations);
  auto job = offload::make_work([waits, shards = with.shards] { *waits = waiting_among(shards, *waits); });
  const auto asked_for = *waits;
  self->request(with.shards.front().readers, caf::infinite, offload::run_work{job})
      .then(
          [this, gateway, waits, asked_for](offload::work_done) {
            const auto at = away.find(gateway);
            if (at == away.end()) return;
            // What was added meanwhile waits.
            for (const auto& each : asked_for)
              if (waits->count(each) == 0) at->second.destinations.erase(each);
            if (at->second.destinations.empty() || !gateways.get()->named(gateway))
              away.erase(at);
            else
              knock(gateway);
          },
          [this, gateway](caf::error&) {
            if (const auto at = away.find(gateway); at != away.end()) at->second.is_asked = false;
          });
}

void watch_state::knock(const std::string& gateway) {
  const auto settings = gateways.get()->named(gateway);
  probe_order order;
  order.number = ++next_probe;
  order.addresses = first_addresses(settings->settings.addresses, most_addresses_tried);
  order.port = settings->settings.port;
  probes[order.number] = gateway;
  self->system().spawn<primary_probe>(net::scheduler::of(self->system()).next_io(), with.probes,
                                      std::move(order), caf::actor_cast<probe_taker_actor>(self));
}

void watch_state::heard_of(const probed& found) {
  const auto whose = probes.find(found.number);
  if (whose == probes.end()) return;
  const auto gateway = std::move(whose->second);
  probes.erase(whose);
  const auto at = away.find(gateway);
  if (at == away.end()) return;
  at->second.is_asked = false;
  at->second.knock_at = std::chrono::steady_clock::now() + interval;
  if (found.let_in)
    back(gateway);
  else
    log::debug("incoming gateway {}: {}", gateway, printable(found.why));
}

working_watch_actor::behavior_type watch(working_watch_actor::stateful_pointer<watch_state> self,
                                         watch_services with, std::chrono::milliseconds interval) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.gateways = incoming_view(with.gateways);
  self->state.with = std::move(with);
  self->state.interval = interval;
  self->delayed_send(self, tick_interval, atom::tick::value);
  return {
      [self](const primary_refused& what) { self->state.refused(what); },
      [self](const primary_answered& what) { self->state.back(what.gateway); },
      [self](const probed& found) { self->state.heard_of(found); },
      [self](atom::tick) {
        self->state.tick();
        self->delayed_send(self, tick_interval, atom::tick::value);
      },
  };
}

} // namespace stagepost::gateway
