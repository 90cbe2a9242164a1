#include "actors/delivery/responder.hpp"

#include "actors/delivery/reply_builder.hpp"
#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/answered_table.hpp"
#include "storage/blobs.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::delivery {

namespace {

/// What is read of a message. A longer header is looked at as far as that.
constexpr uint64_t most_header_octets = report::max_returned_header;
/// Addresses of a header that may be the user's: whom thousands are addressed with is nobody in person.
constexpr size_t most_addressed = 50;

report::auto_reply_policy policy_of(const conf::system_settings& settings) {
  switch (settings.auto_responder.restriction) {
  case conf::auto_responder_limit::disabled: return report::auto_reply_policy::disabled;
  case conf::auto_responder_limit::spf_passed: return report::auto_reply_policy::spf_passed;
  case conf::auto_responder_limit::unrestricted: break;
  }
  return report::auto_reply_policy::unrestricted;
}

/// A clock that was set back leaves answers in the future, which count as long as others.
bool is_lately(instant at, instant now) {
  return at < now + report::repeat_after && now < at + report::repeat_after;
}

bool can_be_reached(domain::address_kind kind) {
  switch (kind) {
  case domain::address_kind::account:
  case domain::address_kind::alias:
  case domain::address_kind::elsewhere:
  case domain::address_kind::domain_full: return true;
  default: return false;
  }
}

} // namespace

caf::result<reply_planned> responder_state::plan(const plan_reply& what) {
  auto promise = self->make_response_promise<reply_planned>();
  const auto plan = std::make_shared<reply_plan>();
  plan->what = what;
  plan->answer.emplace(promise);
  const auto sender = smtp::canonical_address(what.message.sender);
  plan->between = {what.recipient.account, sender.value_or(ascii_lower(what.message.sender))};
  const auto [at, is_first] = busy.try_emplace(plan->between);
  if (is_first)
    read_header(plan);
  else
    at->second.push_back([this, plan] { read_header(plan); });
  return promise;
}

void responder_state::next(const storage::answered_key& between) {
  const auto at = busy.find(between);
  if (at == busy.end()) return;
  if (at->second.empty()) return (void)busy.erase(at);
  const auto begin = std::move(at->second.front());
  at->second.pop_front();
  begin();
}

void responder_state::settled(const reply& what) {
  if (what.id)
    announce(what.shard, what.id);
  else
    prove({what.shard, what.between});
  next(what.between);
}

void responder_state::begin(std::vector<reply_taker_actor> all) {
  spools = std::move(all);
  for (const auto& [shard, id] : std::exchange(early, {})) announce(shard, id);
}

void responder_state::announce(uint8_t shard, queue_id id) {
  if (spools.empty()) return (void)early.emplace_back(shard, id);
  if (shard < spools.size()) self->send(spools[shard], reply_written{id});
}

void responder_state::in_pool(uint8_t shard, std::function<void()> work, std::function<void(bool)> then) {
  self->request(with.shards.at(shard).readers, caf::infinite,
                offload::run_work{offload::make_work(std::move(work))})
      .then([then](offload::work_done) { then(true); }, [then](caf::error&) { then(false); });
}

void responder_state::give_none(const reply_plan_ptr& plan, std::string why) {
  plan->answer->deliver(
      reply_planned{true, std::make_shared<const reply>(no_reply(*plan, std::move(why), wall_clock()))});
  next(plan->between);
}

void responder_state::give_later(const reply_plan_ptr& plan) {
  plan->answer->deliver(reply_planned{});
  next(plan->between);
}

void responder_state::read_header(const reply_plan_ptr& plan) {
  auto envelope = decode_envelope(plan->what.message.envelope);
  if (!envelope) return give_none(plan, "its envelope is damaged");
  plan->envelope = std::move(*envelope);
  // Most of what is not answered has no sender, and costs no read.
  if (plan->envelope.sender.empty())
    return give_none(plan, std::string(report::to_string(report::reply_obstacle::no_sender)));
  if (plan->what.from >= with.shards.size()) return give_later(plan);
  const auto store = with.shards[plan->what.from].store;
  const auto problem = std::make_shared<std::optional<storage::errc>>();
  in_pool(
      plan->what.from,
      [plan, store, problem] {
        const auto& message = plan->what.message;
        const auto begin = storage::read_body(
            *store, message.body, 0, std::min(message.size_bytes, most_header_octets), storage::reach::disk);
        if (!begin) {
          *problem = begin.error().code;
          return;
        }
        plan->header = bytes(mime::header_block(*begin));
        plan->addressed = report::addressees(plan->header, most_addressed);
      },
      [this, plan, problem](bool ran) {
        if (!ran) return give_later(plan);
        if (!*problem) return ask_directory(plan);
        // Damage does not mend, and what to do with such mail is for the delivery to say.
        const bool is_damage = **problem == storage::errc::damaged || **problem == storage::errc::not_found;
        if (is_damage) return give_none(plan, "the message cannot be read");
        give_later(plan);
      });
}

void responder_state::ask_directory(const reply_plan_ptr& plan) {
  const auto& what = plan->what;
  domain::find_responder question{what.recipient.account, what.recipient.address, plan->envelope.sender,
                                  plan->addressed};
  self->request(with.directory, caf::infinite, std::move(question))
      .then(
          [this, plan](domain::responder_found& found) {
            if (!found.done) return give_later(plan);
            if (!found.answers) return give_none(plan, {});
            // What is delivered and what is answered are one batch.
            const auto shard = found.user.shard;
            if (shard >= with.shards.size() || shard != plan->what.recipient.shard)
              return give_none(plan, "the user's mail is elsewhere");
            plan->user = std::move(found);
            judge(plan);
          },
          [this, plan](caf::error&) { give_later(plan); });
}

void responder_state::judge(const reply_plan_ptr& plan) {
  const auto store = with.shards[plan->user.user.shard].store;
  const auto read = std::make_shared<bool>(false);
  in_pool(
      plan->user.user.shard,
      [plan, store, read, policy = policy_of(*with.settings->get()), now = wall_clock()] {
        const auto before = storage::read_answered(*store, plan->between, storage::reach::disk);
        // A damaged row is written anew with the next reply.
        if (!before && before.error().code != storage::errc::damaged) return;
        if (before) plan->before = *before;
        report::incoming_message message;
        message.sender = plan->envelope.sender;
        message.header = plan->header;
        message.own_addresses = plan->user.own;
        message.policy = policy;
        message.spf_passed = true; // asked when it is delivered, since that takes its time
        message.came_by_catch_all = plan->user.caught;
        message.answered_lately = plan->before && plan->user.once_per_day && is_lately(plan->before->at, now);
        plan->obstacle = report::obstacle_to_reply(message);
        if (plan->obstacle == report::reply_obstacle::none) {
          auto over = storage::superfluous_answers(*store, plan->between.account, most_answered - 1,
                                                   storage::reach::disk);
          // Mail does not wait for rows to be mended that only keep others few.
          if (!over && over.error().code != storage::errc::damaged) return;
          if (over) plan->superfluous = std::move(*over);
        }
        *read = true;
      },
      [this, plan, read](bool ran) {
        if (!ran || !*read) return give_later(plan);
        judged(plan);
      });
}

void responder_state::judged(const reply_plan_ptr& plan) {
  const bool waits = plan->before && !plan->before->waiting.empty();
  // This message was answered by a try that was cut off behind it.
  if (plan->before && plan->before->message == plan->what.message.id) {
    if (waits) return give_none(plan, {}); // what becomes of the reply is told then
    plan->answer->deliver(
        reply_planned{true, std::make_shared<const reply>(repeat_reply(*plan, wall_clock()))});
    return next(plan->between);
  }
  const bool was_lately = plan->obstacle == report::reply_obstacle::answered_lately;
  if (waits && (was_lately || plan->obstacle == report::reply_obstacle::none))
    return give_none(plan, "a reply to the sender waits already");
  if (plan->obstacle != report::reply_obstacle::none)
    return give_none(plan, std::string(report::to_string(plan->obstacle)));
  if (!can_be_reached(plan->user.sender_kind)) return give_none(plan, "the sender cannot be reached");
  answer(plan);
}

void responder_state::answer(const reply_plan_ptr& plan) {
  const auto& user = plan->user.user;
  const auto& store = with.shards[user.shard].store;
  const auto now = wall_clock();
  priorities.follow(with.settings->get());
  reply made;
  // Who logged in is known. Of mail from a host that speaks for others nobody knows whom to check: it has no
  // client, and does not pass.
  const bool is_known = !plan->what.message.authenticated_as.empty();
  if (policy_of(*with.settings->get()) == report::auto_reply_policy::spf_passed && !is_known) {
    if (!mailauth::parse_client_address(plan->envelope.origin.client) || !with.resolver)
      return give_none(plan, std::string(report::to_string(report::reply_obstacle::spf_not_passed)));
    if (proving.size() >= most_unproven) return give_none(plan, "too many replies wait for SPF");
    made = hold_reply(write_reply(*plan, now, priorities), *plan, now);
  } else {
    made = make_reply(write_reply(*plan, now, priorities), user.shard, plan->between, plan->what.message.id,
                      {store->next_queue_id(now), store->next_blob(), now});
  }
  made.superfluous = std::move(plan->superfluous);
  // Nothing comes behind it until the delivery has ended.
  plan->answer->deliver(reply_planned{true, std::make_shared<const reply>(std::move(made))});
}

responder_self::behavior_type responder(responder_self::stateful_pointer<responder_state> self,
                                        responder_services with) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->send(self, atom::tick::value); // what waited when we stopped is looked for at once
  return {
      [self](const plan_reply& what) { return self->state.plan(what); },
      [self](const reply_settled& what) {
        if (what.reply) self->state.settled(*what.reply);
      },
      [self](begin_replying& what) { self->state.begin(std::move(what.spools)); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::delivery
