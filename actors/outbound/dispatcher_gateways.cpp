#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/outbound/dispatcher.hpp"
#include "actors/outbound/spool_count.hpp"

#include <algorithm>

// Which ways there are, and what gateways say of themselves.

namespace stagepost::outbound {

namespace {

/// How often a gateway in peer mode is asked how much waits there, and what it has for its answer.
constexpr auto ask_interval = std::chrono::seconds(15);
constexpr auto answer_limit = std::chrono::seconds(10);

} // namespace

/// Gateways are live: what is not alive goes by the new ones at once, what is finds out by itself.
void dispatcher_state::look_at_gateways() {
  const auto gateways = with->gateways->get();
  const auto settings = with->settings->get();
  if (gateways == gateways_seen && settings == settings_of_lanes) return;
  lanes = lane_table(settings->smtp_out, *gateways);
  settings_of_lanes = settings;
  if (gateways == gateways_seen) return;
  const bool is_first = gateways_seen == nullptr;
  gateways_seen = gateways;
  turns.use(gateways);
  ask_peers_at = {};
  peers_lost.clear();
  if (is_first) return;
  // What failed by way of a gateway, or had none, may go now.
  std::erase_if(resting, [](const auto& each) { return destination_in(each.first) != each.first; });
  for (auto& each : places) each.again = true;
  grant();
}

const std::vector<lane>& dispatcher_state::lanes_of(const std::string& destination) {
  look_at_gateways();
  return lanes.of(destination);
}

const lane* dispatcher_state::find_lane(const std::string& place) {
  const auto destination = destination_in(place);
  for (const auto& each : lanes_of(destination))
    if (place_of(destination, each) == place) return &each;
  return nullptr;
}

/// What this node does not send waits on disk.
bool dispatcher_state::may_be_sent(const std::string& destination, const lane& of) const {
  if (with->limits.deliver != conf::outbound_scope::routes)
    return with->limits.deliver == conf::outbound_scope::all;
  return !of.gateways.empty() || lanes.has_route(destination);
}

void dispatcher_state::for_all_of(
    const std::string& destination,
    const std::function<void(const std::string& place, alive_destination&)>& each) {
  // Their names are its own, with an octet zero behind it maybe, so they stand together.
  for (auto at = alive.lower_bound(destination);
       at != alive.end() && destination_in(at->first) == destination; ++at)
    each(at->first, at->second);
}

/// By one that is left from the lanes of before: two must never send the same message.
bool dispatcher_state::is_taken(const std::string& destination, const lane& of) {
  bool found = false;
  for_all_of(destination, [&](const std::string&, alive_destination& other) {
    found = found || (other.priorities & of.priorities) != 0;
  });
  return found;
}

void dispatcher_state::ask_peers() {
  const auto now = std::chrono::steady_clock::now();
  if (!with->fetcher || now < ask_peers_at) return;
  ask_peers_at = now + ask_interval;
  for (const auto& each : gateways_seen->outgoing) {
    const auto& about = each.settings;
    if (!about.enabled || !about.peer_mode || !peers_asked.insert(each.number).second) continue;
    web::fetch question;
    question.url = spool_count_url(about.server_url);
    question.user = about.server_user;
    question.password = each.server_password;
    question.verify_certificate = about.verify_certificate;
    question.time_limit = answer_limit;
    question.size_limit = longest_spool_count;
    self->request(with->fetcher, caf::infinite, std::move(question))
        .then([this, number = each.number,
               name = each.name](const web::fetched& said) { peer_answered(number, name, said); },
              [this, number = each.number, name = each.name](caf::error& failed) {
                web::fetched none;
                none.failure = describe(failed);
                peer_answered(number, name, none);
              });
  }
}

/// A gateway that does not say takes part with what the others have on average.
void dispatcher_state::peer_answered(uint64_t gateway, const std::string& name, const web::fetched& said) {
  peers_asked.erase(gateway);
  constexpr int ok = 200;
  const auto count = said.failure.empty() && said.status == ok ? parse_spool_count(said.body) : std::nullopt;
  if (count) {
    turns.told(gateway, *count, std::chrono::steady_clock::now());
    if (peers_lost.erase(gateway) != 0) log::info("gateway {}: it says again how much waits there", name);
    return;
  }
  if (!peers_lost.insert(gateway).second) return;
  const auto why = !said.failure.empty() ? said.failure
                   : said.status != ok   ? "it answered " + std::to_string(said.status)
                                         : std::string("what it answered is no count");
  log::warn("gateway {}: it does not say how much waits there: {}", name, why);
}

} // namespace stagepost::outbound
