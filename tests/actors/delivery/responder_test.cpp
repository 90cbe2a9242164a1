#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "tests/actors/delivery/responder_fixture.hpp"

#include <map>

namespace stagepost::delivery {
namespace {

class Responder : public responder_fixture {};

TEST_F(Responder, AnswersInTheShardOfTheUserAndSaysSo) {
  for (const auto* user : {"alice", "bob", "carol"}) {
    const auto id = send(letter(user, std::string("x@") + user + ".example"));
    ASSERT_TRUE(was_replied(id));
    const auto told = facts(0, id, storage::trace_kind::replied);
    EXPECT_EQ(told.at("to"), std::string("x@") + user + ".example");
    const auto shard = find(address(user)).target.shard;
    const auto waiting = queued(shard);
    ASSERT_EQ(waiting.size(), 1u) << user;
    const auto& reply = waiting[0];
    EXPECT_EQ(to_text(reply.message.id), told.at("as"));
    EXPECT_EQ(reply.message.sender, "");
    ASSERT_EQ(reply.recipients.size(), 1u);
    EXPECT_EQ(reply.recipients[0].state, storage::recipient_state::remote);
    EXPECT_EQ(reply.recipients[0].notify, smtp::notify_never);
    const auto begun = facts(shard, reply.message.id, storage::trace_kind::accepted);
    EXPECT_EQ(begun.at("reply_to"), to_text(id));
    const auto text =
        *storage::read_body(*shards_[shard], reply.message.body, 0, 100000, storage::reach::disk);
    for (const std::string line :
         {"Auto-Submitted: auto-replied\r\n", "In-Reply-To: <1@elsewhere.example>\r\n", "Subject: Away\r\n",
          "I am on holiday.", "Return-Path: <>\r\n"})
      EXPECT_NE(text.find(line), text.npos) << line << text;
    EXPECT_EQ(messages_of(address(user)), 1u);
  }
  expect_sound();
}

TEST_F(Responder, AnswersASenderOnceADay) {
  ASSERT_TRUE(was_replied(send(letter("alice"))));
  EXPECT_EQ(why_not(send(letter("alice", "SENDER@Elsewhere.example"))), "the sender was answered lately");
  ASSERT_TRUE(was_replied(send(letter("alice", "other@elsewhere.example"))));
  ASSERT_TRUE(was_replied(send(letter("bob"))));
  restart();
  EXPECT_EQ(why_not(send(letter("alice"))), "the sender was answered lately");
  wall_clock_shift shift(std::chrono::hours(23));
  EXPECT_EQ(why_not(send(letter("alice"))), "the sender was answered lately");
  shift.set(std::chrono::hours(25));
  ASSERT_TRUE(was_replied(send(letter("alice"))));
  EXPECT_EQ(replies().size(), 4u);
  must(domain::change_domain{"example.org", {{"auto_responder_once_per_day", "false"}}, {}, {}});
  ASSERT_TRUE(was_replied(send(letter("alice"))));
  EXPECT_EQ(replies().size(), 5u);
}

TEST_F(Responder, AnswersOnceHoweverManyComeAtOnce) {
  std::vector<queue_id> all;
  for (int i = 0; i < 20; ++i) all.push_back(send(letter("alice")));
  EXPECT_TRUE(eventually([&] { return messages_of(address("alice")) == 20; }));
  EXPECT_EQ(replies().size(), 1u);
  int told = 0;
  for (const auto each : all) told += facts(0, each, storage::trace_kind::replied).empty() ? 0 : 1;
  EXPECT_EQ(told, 1);
}

TEST_F(Responder, AnswersOnceWhateverStopsBetween) {
  must(
      domain::change_user{address("bob"), {{"forward_to", "x@far.example"}, {"forward_keep_copy", "false"}}});
  for (int i = 0; i < 20; ++i)
    for (const auto* user : {"alice", "bob", "carol"})
      send(letter(user, "s" + std::to_string(i) + "@elsewhere.example"));
  restart(); // in the middle of it
  EXPECT_TRUE(eventually([&] { return messages_of(address("carol")) == 20; }));
  EXPECT_TRUE(eventually([&] { return messages_of(address("alice")) == 20; }));
  EXPECT_TRUE(eventually([&] { return replies().size() == 80; })); // 60, and what bob has sent on
  std::map<std::string, int> count;
  for (const auto& [shard, each] : replies()) ++count[each.recipients.at(0).address];
  for (int i = 0; i < 20; ++i) EXPECT_EQ(count["s" + std::to_string(i) + "@elsewhere.example"], 3) << i;
  EXPECT_EQ(count["x@far.example"], 20);
  expect_sound();
}

TEST_F(Responder, SaysWhyItDoesNotAnswer) {
  const auto other = [&](const std::string& field) { return send(letter("alice", "s@far.example", field)); };
  EXPECT_EQ(why_not(send(letter("alice", ""))), "the message has no sender");
  EXPECT_EQ(why_not(send(letter("alice", address("alice")))), "the sender is the user");
  EXPECT_EQ(why_not(send(letter("alice", "list-bounces@far.example"))), "the sender is a program");
  EXPECT_EQ(why_not(other("Auto-Submitted: auto-generated\r\n")), "the message was sent by a program");
  EXPECT_EQ(why_not(other("List-Id: <l.far.example>\r\n")), "the message came by a mailing list");
  EXPECT_EQ(why_not(other("X-Auto-Response-Suppress: OOF\r\n")), "the message asks for no automatic reply");
  EXPECT_EQ(why_not(send(letter("alice", "nobody@example.org"))), "the sender cannot be reached");
  EXPECT_EQ(why_not(accept(0, {address("alice")})), "the user is not among those addressed");
  must(domain::change_domain{
      "example.org", {{"catch_all", "true"}, {"catch_all_target", address("alice")}}, {}, {}});
  EXPECT_EQ(why_not(send(letter("whoever"))), "the message came by the catch-all address");
  must(domain::change_settings{{{"auto_responder.restriction", "disabled"}}});
  EXPECT_EQ(why_not(send(letter("alice"))), "automatic replies are switched off");
  EXPECT_TRUE(replies().empty());
}

TEST_F(Responder, WantsSpfOfServersAndNotOfUsers) {
  must(domain::change_settings{{{"auto_responder.restriction", "spf_passed"}}});
  auto strange = letter("alice");
  strange.envelope.origin = {"nonsense", "mail.elsewhere.example", {}};
  EXPECT_EQ(why_not(send(strange)), "the sender did not pass SPF");
  EXPECT_EQ(why_not(send(letter("alice"))),
            "the sender did not pass SPF"); // by a host that speaks for others
  auto known = letter("alice");
  known.authenticated_as = address("carol");
  EXPECT_TRUE(was_replied(send(known)));
}

TEST_F(Responder, AnswersUsersOfThisServerInTheirMailboxes) {
  must(domain::change_user{address("bob"), {{"auto_responder_enabled", "false"}}});
  ASSERT_TRUE(was_replied(send(letter("alice", address("bob")))));
  EXPECT_TRUE(eventually([&] { return messages_of(address("bob")) == 1; }));
  EXPECT_TRUE(replies().empty());
  ASSERT_TRUE(was_replied(send(letter("alice", address("carol"))))); // whose responder answers no reply
  EXPECT_TRUE(eventually([&] { return messages_of(address("carol")) == 1; }));
  EXPECT_TRUE(replies().empty());
  EXPECT_EQ(messages_of(address("alice")), 2u);
}

TEST_F(Responder, AnswersNothingThatHasNoRoom) {
  auto what = letter("alice");
  what.recipients[0].target.quota_bytes = 5;
  const auto id = send(what);
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  EXPECT_EQ(replies().size(), 1u);           // itself
  account_of(find(address("alice")).target); // opened without a quota
  EXPECT_TRUE(eventually(
      [&] { return ask<spool::queue_answer>(tree_.shards[0].queue, spool::retry_message{id}).done; }));
  EXPECT_TRUE(was_replied(id));
}

TEST_F(Responder, GivesRepliesAPriorityOfTheirOwn) {
  must(domain::change_settings{
      {{"priority.auto_responders", "2"}, {"priority.auto_responders_enabled", "true"}}});
  ASSERT_TRUE(was_replied(send(letter("alice"))));
  const auto all = replies();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].second.recipients.at(0).priority, 2);
}

} // namespace
} // namespace stagepost::delivery
