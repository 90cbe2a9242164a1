#include "actors/envelope_record.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/queue_id.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

#include <map>
#include <set>

namespace stagepost::spool {
namespace {

class Forwarding : public testing::tree_fixture {
protected:
  Forwarding() {
    must(domain::create_domain{"example.org"});
    for (const auto* name : {"alice", "bob", "carol"}) add_user(std::string(name) + "@example.org");
  }
  void forward(const std::string& user, const std::string& to, bool keep_copy = true) {
    must(
        domain::change_user{user, {{"forward_to", to}, {"forward_keep_copy", keep_copy ? "true" : "false"}}});
  }
  /// All that waits in any shard, once nothing is under way.
  std::vector<queued_message> waiting() {
    await_deliveries();
    std::vector<queued_message> all;
    for (size_t i = 0; i < shard_count; ++i)
      for (auto& each : queued(i)) all.push_back(std::move(each));
    return all;
  }
  /// The one message that waits.
  queued_message sent_on() {
    EXPECT_TRUE(eventually([&] { return waiting().size() == 1; }));
    const auto all = waiting();
    return all.empty() ? queued_message{} : all.front();
  }
  std::map<std::string, std::string> facts(size_t shard, queue_id id, storage::trace_kind kind) {
    const auto trace = storage::read_trace(*shards_[shard], id, storage::reach::disk);
    if (trace)
      for (const auto& step : *trace)
        if (step.kind == kind) return {step.facts.begin(), step.facts.end()};
    return {};
  }
  uint64_t messages_of_all() {
    return messages_of("alice@example.org") + messages_of("bob@example.org") +
           messages_of("carol@example.org");
  }
};

TEST_F(Forwarding, SendsAMessageOnAndKeepsACopy) {
  forward("alice@example.org", "friend@elsewhere.example");
  const auto id = accept(0, {"alice@example.org"});
  const auto sent = sent_on();
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  EXPECT_NE(sent.message.id, id);
  ASSERT_EQ(sent.recipients.size(), 1u);
  EXPECT_EQ(sent.recipients[0].address, "friend@elsewhere.example");
  EXPECT_EQ(sent.recipients[0].state, storage::recipient_state::remote);
  EXPECT_TRUE(sent.message.sender.starts_with("SRS0=")) << sent.message.sender;
  EXPECT_TRUE(sent.message.sender.ends_with("=elsewhere.example=sender@example.org")) << sent.message.sender;
  const auto envelope = decode_envelope(sent.message.envelope);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->sender, sent.message.sender);
  EXPECT_EQ(envelope->forwarded_for, std::vector<std::string>{"alice@example.org"});
  EXPECT_EQ(envelope->delivered_to, std::vector<std::string>{"alice@example.org"});
  EXPECT_EQ(facts(0, id, storage::trace_kind::forwarded).at("as"), to_text(sent.message.id));
  EXPECT_EQ(facts(0, sent.message.id, storage::trace_kind::accepted).at("forward_of"), to_text(id));
  expect_sound(); // the body is there for both
}

TEST_F(Forwarding, LeavesNothingInAMailboxThatKeepsNoCopyHoweverFullItIs) {
  forward("alice@example.org", "friend@elsewhere.example", false);
  auto what = message(0, {"alice@example.org"});
  what.recipients[0].target.quota_bytes = 5;
  accept(0, what);
  EXPECT_EQ(sent_on().recipients.at(0).address, "friend@elsewhere.example");
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  expect_sound();
}

TEST_F(Forwarding, SendsNothingOnBeforeTheCopyHasRoom) {
  forward("alice@example.org", "friend@elsewhere.example");
  auto what = message(0, {"alice@example.org"});
  what.recipients[0].target.quota_bytes = 5;
  const auto id = accept(0, what);
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  EXPECT_EQ(waiting().size(), 1u);              // itself
  account_of(find("alice@example.org").target); // opened without a quota
  EXPECT_TRUE(eventually([&] { return ask<queue_answer>(tree_.shards[0].queue, retry_message{id}).done; }));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_EQ(sent_on().recipients.at(0).address, "friend@elsewhere.example");
}

TEST_F(Forwarding, WorksFromAndIntoEveryShard) {
  std::set<uint8_t> shards;
  for (const auto* name : {"alice", "bob", "carol"}) {
    shards.insert(find(std::string(name) + "@example.org").target.shard);
    forward(std::string(name) + "@example.org", std::string(name) + "@elsewhere.example");
  }
  ASSERT_EQ(shards.size(), shard_count);
  accept(0, {"alice@example.org", "bob@example.org", "carol@example.org"});
  EXPECT_TRUE(eventually([&] { return waiting().size() == 3; }));
  std::set<std::string> to;
  for (const auto& each : waiting()) {
    EXPECT_EQ(each.recipients.size(), 1u);
    to.insert(each.recipients.at(0).address);
  }
  EXPECT_EQ(to, (std::set<std::string>{"alice@elsewhere.example", "bob@elsewhere.example",
                                       "carol@elsewhere.example"}));
  EXPECT_EQ(messages_of_all(), 3u);
  expect_sound();
}

TEST_F(Forwarding, GoesRoundOnceAndEndsWhereItCameFrom) {
  forward("alice@example.org", "bob@example.org", false);
  forward("bob@example.org", "carol@example.org", false);
  forward("carol@example.org", "alice@example.org", false);
  accept(0, {"alice@example.org"});
  EXPECT_TRUE(
      eventually([&] { return messages_of("carol@example.org") == 1; })); // who would have sent it back
  EXPECT_TRUE(eventually([&] { return waiting().empty(); }));
  EXPECT_EQ(messages_of_all(), 1u);
  expect_sound();
}

TEST_F(Forwarding, KeepsWhatIsForwardedToItselfOrRoundAnAlias) {
  forward("alice@example.org", "alice@example.org", false);
  must(domain::put_alias{"us@example.org", {"bob@example.org", "carol@example.org"}});
  forward("bob@example.org", "us@example.org", false);
  const auto id = accept(0, {"alice@example.org"});
  accept(0, {"bob@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("carol@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return messages_of("bob@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return waiting().empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  EXPECT_EQ(facts(0, id, storage::trace_kind::not_forwarded).at("why"), "this is the mailbox itself");
}

TEST_F(Forwarding, LeavesTheSenderOfAUserAndTheNullSenderAlone) {
  forward("alice@example.org", "friend@elsewhere.example", false);
  for (const auto* sender : {"bob@example.org", ""}) {
    auto what = message(0, {"alice@example.org"});
    what.envelope.sender = sender;
    accept(0, what);
    const auto sent = sent_on();
    EXPECT_EQ(sent.message.sender, sender);
    EXPECT_TRUE(ask<queue_answer>(tree_.shards[0].queue, delete_message{sent.message.id}).done);
  }
  must(domain::change_domain{"example.org", {{"srs", "false"}}, {}, {}});
  accept(0, {"alice@example.org"});
  EXPECT_EQ(sent_on().message.sender, "sender@elsewhere.example");
}

TEST_F(Forwarding, KeepsTheCopyOfWhatMustNotBeSentOn) {
  EXPECT_FALSE(ask<domain::admin_answer>(tree_.directory,
                                         domain::change_user{"alice@example.org", {{"forward_to", "a@b@c"}}})
                   .done);
  forward("alice@example.org", "friend@elsewhere.example, other@ELSEWHERE2.example", false);
  must(domain::change_settings{{{"forwarding.blacklist", "Elsewhere.example"}}});
  const auto id = accept(0, {"alice@example.org"});
  const auto sent = sent_on();
  ASSERT_EQ(sent.recipients.size(), 1u);
  EXPECT_EQ(sent.recipients[0].address, "other@ELSEWHERE2.example");
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  const auto why = facts(0, id, storage::trace_kind::not_forwarded);
  EXPECT_EQ(why.at("to"), "friend@elsewhere.example");
  EXPECT_EQ(why.at("why"), "its domain is on the blacklist");
  const auto refused = ask<domain::admin_answer>(
      tree_.directory, domain::change_user{"bob@example.org", {{"forward_to", "x@elsewhere.example"}}});
  EXPECT_FALSE(refused.done);
  EXPECT_NE(refused.sentence.find("x@elsewhere.example"), std::string::npos) << refused.sentence;
  EXPECT_EQ(find("bob@example.org").target.forwards, domain::forwarding::none);
}

TEST_F(Forwarding, HappensOnceWhateverStopsBetween) {
  forward("alice@example.org", "friend@elsewhere.example", false);
  forward("bob@example.org", "friend@elsewhere.example");
  for (int i = 0; i < 20; ++i) accept(0, {"alice@example.org", "bob@example.org"});
  restart(); // in the middle of it
  EXPECT_TRUE(eventually([&] { return messages_of("bob@example.org") == 20; }));
  EXPECT_TRUE(eventually([&] { return waiting().size() == 40; }));
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  std::map<std::string, int> count;
  for (const auto& each : waiting()) {
    const auto envelope = decode_envelope(each.message.envelope);
    ASSERT_TRUE(envelope);
    ++count[envelope->forwarded_for.at(0)];
  }
  EXPECT_EQ(count["alice@example.org"], 20);
  EXPECT_EQ(count["bob@example.org"], 20);
  expect_sound();
}

TEST_F(Forwarding, TakesABounceBackToTheFirstSenderOfAnAddressItMade) {
  forward("alice@example.org", "friend@elsewhere.example", false);
  EXPECT_EQ(find("SRS0=AAAAAA=AA=elsewhere.example=sender@example.org").kind, domain::address_kind::unknown);
  accept(0, {"alice@example.org"});
  const auto sent = sent_on();
  const auto address = sent.message.sender;
  EXPECT_EQ(find(address).kind, domain::address_kind::returning);
  auto forged = address;
  forged.replace(forged.find("=sender@"), 8, "=victim@");
  EXPECT_EQ(find(forged).kind, domain::address_kind::unknown);
  EXPECT_TRUE(ask<queue_answer>(tree_.shards[0].queue, delete_message{sent.message.id}).done);

  restart(); // the key lasts
  auto bounce = message(0, {address});
  bounce.envelope.sender.clear();
  accept(0, bounce);
  const auto back = sent_on();
  EXPECT_EQ(back.message.sender, "");
  ASSERT_EQ(back.recipients.size(), 1u);
  EXPECT_EQ(back.recipients[0].address, "sender@elsewhere.example");
  EXPECT_EQ(back.recipients[0].state, storage::recipient_state::remote);

  const wall_clock_shift shift(std::chrono::days(22));
  EXPECT_EQ(find(address).kind, domain::address_kind::unknown);
}

TEST_F(Forwarding, EndsAfterTooManyHops) {
  forward("alice@example.org", "friend@elsewhere.example", false);
  auto what = message(0, {"alice@example.org"});
  for (int i = 0; i < 20; ++i)
    what.envelope.delivered_to.push_back("hop" + std::to_string(i) + "@elsewhere.example");
  accept(0, what);
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_TRUE(waiting().empty());
}

} // namespace
} // namespace stagepost::spool
