#include "actors/open_answer.hpp"
#include "actors/spool/intake.hpp"
#include "actors/spool/queue.hpp"
#include "tests/actors/delivery/responder_fixture.hpp"

namespace stagepost::delivery {
namespace {

struct silence {
  std::vector<open_answer<resolver::looked_up>> asked;
};
resolver::resolver_actor::behavior_type
silent_resolver(resolver::resolver_actor::stateful_pointer<silence> self) {
  return {
      [self](const resolver::look_up&) -> caf::result<resolver::looked_up> {
        auto promise = self->make_response_promise<resolver::looked_up>();
        self->state.asked.emplace_back(promise);
        return promise;
      },
      [](const resolver::plan_route&) { return resolver::route_planned{}; },
      [](atom::status) { return resolver::resolver_status{}; },
  };
}

/// Names that begin with "good" send from 192.0.2.1, others from nowhere.
resolver::resolver_actor::behavior_type zone(resolver::resolver_actor::pointer) {
  return {
      [](const resolver::look_up& asked) {
        resolver::looked_up found;
        found.said.outcome = dns::outcome::found;
        found.said.texts = {asked.what.name.starts_with("good") ? "v=spf1 ip4:192.0.2.1 -all"
                                                                : "v=spf1 -all"};
        return found;
      },
      [](const resolver::plan_route&) { return resolver::route_planned{}; },
      [](atom::status) { return resolver::resolver_status{}; },
  };
}

/// The first shard's spool, with a responder that asks a DNS of the test's; those of the tree are ended.
class ReplyProof : public responder_fixture {
protected:
  ReplyProof() { must(domain::change_settings{{{"auto_responder.restriction", "spf_passed"}}}); }
  ~ReplyProof() override { stop(); }

  void begin(resolver::resolver_actor dns) {
    auto& shard = tree_.shards[0];
    end(shard.intake);
    end(shard.queue);
    end(tree_.responder);
    resolver_ = std::move(dns);
    responder_services replies{{}, tree_.directory, resolver_, settings_, "localhost"};
    for (const auto& each : tree_.shards) replies.shards.push_back(each.with);
    responder_ = system_->spawn(responder, replies);
    tree_.responder = responder_;
    shard.queue = system_->spawn(spool::queue, shard.with, shard.local, tree_.directory, tree_.outbound,
                                 tree_.checker, settings_, counters_, tree_.statistics, responder_);
    begin_replying spools;
    for (const auto& each : tree_.shards)
      spools.spools.push_back(caf::actor_cast<reply_taker_actor>(each.queue));
    caf::anon_send(responder_, std::move(spools));
    shard.intake =
        system_->spawn(spool::intake, shard.with, shard.queue, settings_, tree_.statistics, tree_.throttle);
  }
  void stop() {
    if (!resolver_) return;
    end(tree_.shards[0].intake);
    end(tree_.shards[0].queue);
    end(responder_);
    end(resolver_);
    responder_ = nullptr;
    resolver_ = nullptr;
  }
  /// From the server of that domain.
  queue_id send_from(const std::string& domain, const std::string& user) {
    auto what = letter(user, "x@" + domain);
    what.envelope.origin = {"192.0.2.1", "mail." + domain, {}};
    return send(what);
  }
  /// What is told of a reply that waited is on disk before the reply is. No look at the queues: they may not
  /// have heard of it.
  bool has_replies(size_t count) {
    return eventually([&] {
      size_t found = 0;
      for (size_t i = 0; i < shard_count; ++i) found += queued(i).size();
      return found == count;
    });
  }
  bool is_forgotten(const std::string& user, const std::string& sender) {
    const auto who = find(address(user)).target;
    return eventually([&] {
      const auto row =
          storage::read_answered(*shards_[who.shard], {who.account, sender}, storage::reach::disk);
      return row && !*row;
    });
  }

  resolver::resolver_actor resolver_;
  responder_actor responder_;
};

TEST_F(ReplyProof, KeepsNoMailboxWaitingAndOutlivesAStop) {
  begin(system_->spawn(silent_resolver));
  std::vector<queue_id> sent;
  for (const auto* user : {"alice", "bob", "carol"}) {
    sent.push_back(send_from("good.example", user));
    EXPECT_TRUE(eventually([&] { return messages_of(address(user)) == 1; }));
    EXPECT_EQ(why_not(send_from("good.example", user)), "a reply to the sender waits already");
  }
  EXPECT_TRUE(replies().empty());
  stop(); // which decides nothing
  for (const auto id : sent) {
    EXPECT_TRUE(facts(0, id, storage::trace_kind::not_replied).empty());
    EXPECT_TRUE(facts(0, id, storage::trace_kind::replied).empty());
  }
  begin(system_->spawn(zone));
  for (const auto id : sent) EXPECT_TRUE(was_replied(id));
  EXPECT_TRUE(has_replies(3));
  EXPECT_EQ(why_not(send_from("good.example", "bob")), "the sender was answered lately");
  const auto all = replies();
  ASSERT_EQ(all.size(), 3u);
  for (const auto& [shard, each] : all) {
    ASSERT_EQ(each.recipients.size(), 1u);
    EXPECT_EQ(each.recipients[0].address, "x@good.example");
    EXPECT_FALSE(facts(shard, each.message.id, storage::trace_kind::accepted).empty());
  }
  expect_sound();
}

TEST_F(ReplyProof, AnswersNobodyInWhoseNameAnotherWrites) {
  begin(system_->spawn(zone));
  for (const auto* user : {"alice", "bob"}) {
    EXPECT_EQ(why_not(send_from("forged.example", user)), "the sender did not pass SPF (fail)");
    // And is not taken for one who was answered.
    EXPECT_TRUE(is_forgotten(user, "x@forged.example"));
    EXPECT_EQ(why_not(send_from("forged.example", user)), "the sender did not pass SPF (fail)");
  }
  EXPECT_TRUE(replies().empty());
  EXPECT_EQ(messages_of(address("alice")), 2u);
  EXPECT_TRUE(was_replied(send_from("good.example", "alice")));
  EXPECT_TRUE(has_replies(1));
}

} // namespace
} // namespace stagepost::delivery
