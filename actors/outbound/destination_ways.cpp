#include "actors/outbound/destination.hpp"
#include "actors/wall_clock.hpp"

#include <algorithm>

// The ways of mail: the domain of a sender may have it leave from an address of its own, or without TLS, and
// the sender may require TLS for a message, or say that it needs none (RFC 8689). Mail of one destination so
// falls into ways that never share a connection, only the places for them. What is due is kept on disk
// without what its domain wants; that is asked for when it has been read, so that a change needs no look at
// what waits. Where a message may go is the route of the destination, as its sender's wish has it.

namespace stagepost::outbound {

namespace {

/// Messages read while others of other ways wait for a connection; what is behind them stays on disk.
constexpr size_t most_read_ahead = 400;
/// Recipients that came after a way was down and wait for its next try; more of them make it come at once. Of
/// all ways together: each that is down has its share.
constexpr size_t most_later = 1000;

/// Empty for what is from nobody: that goes the server's own way.
std::string sender_domain(const job& of) {
  const auto& sender = of.envelope.sender;
  const auto at = sender.rfind('@');
  return at == sender.npos ? std::string() : sender.substr(at + 1);
}

} // namespace

void destination_state::ask_ways(std::shared_ptr<jobs_found> what) {
  struct answers {
    std::map<std::string, domain::way_out_found> said; ///< by domain
    size_t open = 0;
  };
  const auto all = std::make_shared<answers>();
  for (const auto& each : what->jobs)
    if (auto name = sender_domain(*each); !name.empty()) all->said.try_emplace(std::move(name));
  if (all->said.empty()) return found(std::move(*what));
  all->open = all->said.size();
  const auto heard = [this, all, what, asked_in = life] {
    if (--all->open != 0) return;
    if (asked_in != life) return ask_ways(what); // some may be of before the change
    found_ways(what, all->said);
  };
  for (auto& [name, said] : all->said)
    self->request(with->directory, caf::infinite, domain::find_way_out{name})
        .then(
            [all, heard, into = &said](domain::way_out_found& answer) {
              *into = std::move(answer);
              heard();
            },
            [heard](caf::error&) { heard(); });
}

void destination_state::found_ways(std::shared_ptr<jobs_found> what,
                                   const std::map<std::string, domain::way_out_found>& said) {
  std::vector<std::shared_ptr<job>> known;
  for (auto& each : what->jobs) {
    const auto at = said.find(sender_domain(*each));
    if (at != said.end() && !at->second.done) {
      what->good = false;
      for (const auto& who : each->recipients)
        what->unread.push_back({each->shard, {each->message.id, who.index}});
      continue;
    }
    if (at != said.end()) each->way.out = at->second.way;
    known.push_back(std::move(each));
  }
  what->jobs = std::move(known);
  found(std::move(*what));
}

/// Mail of one way does not wait for that of another whose connections are slow, or not let in.
bool destination_state::wants_more() const {
  if (ready.empty()) return true;
  const bool is_one_way = ways.size() == 1 && ways.begin()->first.is_usual();
  return !is_one_way && ready.size() < most_read_ahead;
}

/// Without those of before a change, which only end what they have.
size_t destination_state::connections_of(const mail_way& way) const {
  return size_t(std::count_if(workers.begin(), workers.end(), [&](const auto& each) {
    return each.second.way == way && each.second.life == life;
  }));
}

size_t destination_state::let_in_of(const mail_way& way) const {
  return size_t(std::count_if(workers.begin(), workers.end(), [&](const auto& each) {
    return each.second.let_in && each.second.way == way && each.second.life == life;
  }));
}

/// What was due when no host let its way in had its attempt then; what came or became due since had none. But
/// where the route has nothing for it, no try would be made.
bool destination_state::waits_for_next_try(const job& what) const {
  const auto at = ways.find(what.way);
  if (at == ways.end() || !at->second.down) return false;
  if (at->second.down->fate == smtp_client::fate::permanent && !leads_somewhere(what.way)) return false;
  const auto now = wall_clock(), down_at = at->second.down_at;
  return came_later(what.message, down_at, now) ||
         std::any_of(what.recipients.begin(), what.recipients.end(), [&](const auto& who) {
           const auto due_at = storage::due_time_of(who);
           return due_at > down_at && due_at <= now;
         });
}

bool destination_state::is_down(const mail_way& way) const {
  const auto at = ways.find(way);
  return at != ways.end() && at->second.down;
}

/// Then nothing can be sent here for a while. What one way alone lacks is no reason to leave all others
/// alone: that no host may have what requires TLS, that one refuses a domain's own address, or that it is not
/// here.
bool destination_state::are_all_down() const {
  const auto says_it_for_all = [](const auto& each) {
    const auto& way = each.first;
    const auto& down = each.second.down;
    return !way.has_wish() && (way.is_usual() || (down && !down->is_ours && down->reply.code == 0));
  };
  return std::any_of(ways.begin(), ways.end(), says_it_for_all) &&
         std::all_of(ways.begin(), ways.end(), [](const auto& each) { return each.second.down.has_value(); });
}

/// Whether a connection could be begun.
bool destination_state::leads_somewhere(const mail_way& way) const {
  return goes_by_gateway() ? !gateways_left(way).empty() : !hops_of(way).hops.empty();
}

/// Where the route has no hops for what is due, no connection would find that out. Whoever has one goes by a
/// route of before, which is good enough as long as a host lets him in.
bool destination_state::give_up_ways_to_nowhere() {
  if (goes_by_gateway() && !route->failed) return false;
  bool gave_up = false;
  for (const auto& each : ready) {
    const auto& way = each->way;
    if (!hops_of(way).hops.empty() || is_down(way) || connections_of(way) != 0) continue;
    mark_down(way, no_hops_for(way.wish, *route), {}, wall_clock());
    gave_up = true;
  }
  if (gave_up && (route->failed || are_all_down())) everything = false;
  return gave_up;
}

/// What came first goes a way that has no connection, and there may be no more: somebody has to leave.
bool destination_state::must_make_room() const {
  if (ready.empty()) return false;
  const auto& way = ready.front()->way;
  const auto known = ways.find(way);
  if (connections_of(way) != 0 || (known != ways.end() && known->second.slots_asked != 0)) return false;
  const auto staying = size_t(std::count_if(workers.begin(), workers.end(),
                                            [](const auto& each) { return !each.second.is_leaving; }));
  return staying + slots_asked >= with->settings->get()->smtp_out.connections_per_destination;
}

/// Of before a change nothing is counted by way.
void destination_state::slot_answered(const mail_way& way, uint64_t asked_in) {
  --slots_asked;
  if (const auto at = ways.find(way); asked_in == life && at != ways.end() && at->second.slots_asked != 0)
    --at->second.slots_asked;
}

void destination_state::mark_down(const mail_way& way, const smtp_client::outcome& why,
                                  const peer_facts& peer, instant at) {
  auto& of = ways[way];
  of.down = why;
  of.down_peer = peer;
  of.down_at = at;
  of.rests_until = std::chrono::steady_clock::now() + with->settings->get()->smtp_out.rest_after_failure;
}

/// Where all are down the destination ends, and the dispatcher has it rest.
void destination_state::wake_ways() {
  if (are_all_down()) return;
  const auto now = std::chrono::steady_clock::now();
  const auto down =
      std::count_if(ways.begin(), ways.end(), [](const auto& each) { return each.second.down.has_value(); });
  const auto share = most_later / size_t(std::max<std::ptrdiff_t>(down, 1));
  for (auto& [way, of] : ways) {
    if (!of.down || (now < of.rests_until && of.later.size() <= share)) continue;
    of.down.reset();
    of.later.clear();
    looked_at_all = {};
    may_be_more = true;
  }
}

/// A destination that is busy for days sees many; what nobody takes is forgotten.
void destination_state::forget_idle_ways() {
  std::set<mail_way> in_use;
  for (const auto& each : ready) in_use.insert(each->way);
  for (const auto& [who, each] : workers) in_use.insert(each.way);
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(ways, [&](const auto& each) {
    const auto& of = each.second;
    const bool rests = of.down && now < of.rests_until;
    return in_use.count(each.first) == 0 && of.slots_asked == 0 && of.later.empty() && !of.refusal &&
           !rests && !each.first.is_usual();
  });
}

} // namespace stagepost::outbound
