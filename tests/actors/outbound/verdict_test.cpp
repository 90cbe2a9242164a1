#include "actors/outbound/verdict.hpp"

#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/actor_fixture.hpp"

namespace stagepost::outbound {
namespace {

using smtp_client::fate;
using std::chrono::minutes;

constexpr instant now = instant(std::chrono::hours(1000));

/// A message with recipients elsewhere in a store.
class Verdict : public ::testing::Test {
protected:
  void SetUp() override {
    settings_.retry_intervals = {minutes(15), minutes(30)};
    message_.id = queue_id{7};
    message_.body = store_->next_blob();
    envelope_.sender = "a@example.test";
  }

  storage::spool_recipient& add(const std::string& address, uint32_t attempts = 0) {
    auto& made = recipients_.emplace_back();
    made.index = uint32_t(recipients_.size() - 1);
    made.address = address;
    made.state = storage::recipient_state::remote;
    made.attempts = attempts;
    return made;
  }

  void commit(storage::batch& b) {
    storage::batch* const all[] = {&b};
    ASSERT_TRUE(store_->commit(all).front());
  }

  verdict end(std::vector<smtp_client::outcome> outcomes, bool peer_reports = false) {
    message_.recipients = uint32_t(recipients_.size());
    storage::batch before(*store_);
    storage::put_chunk(before, message_.body, 0, "x", true);
    storage::put_blob(before, message_.body, {1, 1, {}});
    storage::put_reference(before, message_.body, storage::blob_owner::spool, message_.id.value, 0);
    storage::put_spool(before, message_);
    for (const auto& each : recipients_) storage::put_recipient(before, message_.id, each);
    commit(before);
    auto made = std::make_shared<job>();
    made->message = message_;
    made->envelope = envelope_;
    made->recipients = recipients_;
    storage::batch changes(*store_);
    auto out =
        record_end(changes, {made, std::move(outcomes), peer_reports, {"mx.test", "192.0.2.1", "TLSv1.3 X"}},
                   settings_, priorities_, now);
    commit(changes);
    return out;
  }

  std::vector<storage::spool_recipient> left() {
    return storage::read_recipients(*store_, message_.id, 0, 100, storage::reach::disk)->recipients;
  }
  bool is_in_spool() { return storage::read_spool(*store_, message_.id, storage::reach::disk).ok(); }
  std::string trace() {
    std::string out;
    const auto steps = storage::read_trace(*store_, message_.id, storage::reach::disk);
    for (const auto& step : *steps)
      for (const auto& [name, value] : step.facts) out += name + "=" + value + ";";
    return out;
  }

  static smtp_client::outcome reply(uint16_t code, const std::string& text) {
    return smtp_client::outcome_of(smtp_client::stage::rcpt, {code, {}, text});
  }

  testing::temporary_folder folder_;
  std::shared_ptr<storage::store> store_ = testing::open_store(storage::store_kind::shard, folder_.path());
  conf::spool_settings settings_;
  priority_rules priorities_;
  storage::spool_record message_;
  smtp::envelope envelope_;
  std::vector<storage::spool_recipient> recipients_;
};

TEST_F(Verdict, TakesTheMessageOutWithItsLastRecipients) {
  add("b@x.test");
  add("c@x.test");
  const auto made = end({reply(250, "ok"), reply(250, "ok")});
  EXPECT_EQ(made.delivered, 2u);
  EXPECT_TRUE(made.empties_message);
  EXPECT_TRUE(made.told.empty());
  EXPECT_FALSE(is_in_spool());
  EXPECT_NE(trace().find("host=mx.test;address=192.0.2.1;tls=TLSv1.3 X;"), std::string::npos) << trace();
  EXPECT_TRUE(storage::read_due(*store_, {}, now, 10, storage::reach::disk)->rows.empty());
}

TEST_F(Verdict, LeavesOthersOfTheMessageAlone) {
  add("b@x.test");
  add("c@x.test", 1);
  const auto made = end({reply(250, "ok"), reply(451, "later")});
  EXPECT_FALSE(made.empties_message);
  EXPECT_TRUE(made.may_empty_message);
  EXPECT_TRUE(is_in_spool());
  ASSERT_EQ(left().size(), 1u);
  EXPECT_EQ(left()[0].attempts, 2u);
  EXPECT_EQ(left()[0].due_at, now + minutes(30));
  EXPECT_EQ(left()[0].last_reply, "451 later");
  EXPECT_TRUE(storage::read_due(*store_, {}, now, 10, storage::reach::disk)->rows.empty());
  EXPECT_EQ(storage::read_due(*store_, {}, now + minutes(30), 10, storage::reach::disk)->rows.size(), 1u);
}

TEST_F(Verdict, BouncesByTheNumberOfAttemptsMadeAndNotByTheClock) {
  add("b@x.test", 1).due_at = now - std::chrono::hours(5000);
  add("c@x.test", 2);
  const auto made = end({reply(451, "later"), reply(451, "later")});
  EXPECT_EQ(made.deferred, 1u);
  EXPECT_EQ(made.bounced, 1u);
  ASSERT_EQ(made.told.size(), 1u);
  EXPECT_EQ(made.told[0].who.address, "c@x.test");
  EXPECT_EQ(made.told[0].action, report::delivery_action::failed);
  ASSERT_EQ(left().size(), 1u);
  EXPECT_EQ(left()[0].address, "b@x.test");
}

TEST_F(Verdict, GivesAnotherPriorityByTheNumberOfAttempts) {
  auto system = std::make_shared<conf::system_settings>();
  system->priority.after_attempts_1_enabled = true;
  system->priority.after_attempts_1 = 2;
  system->priority.attempts_1 = 2;
  priorities_.follow(system);
  settings_.retry_intervals = {minutes(15), minutes(30), minutes(60)};
  add("b@x.test");
  add("c@x.test", 1);
  auto& ordered = add("d@x.test", 1);
  ordered.priority = 8;
  ordered.is_priority_ordered = true;
  (void)end({reply(451, "later"), reply(451, "later"), reply(451, "later")});
  ASSERT_EQ(left().size(), 3u);
  EXPECT_EQ(left()[0].priority, storage::usual_priority);
  EXPECT_EQ(left()[1].priority, 2);
  EXPECT_EQ(left()[2].priority, 8) << "the administrator gave it";
  storage::outbound_question question;
  question.destination = "x.test";
  question.now = now + minutes(90);
  question.furthest = now + minutes(900);
  const auto found = storage::read_outbound(*store_, question, storage::reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->rows.size(), 3u);
  EXPECT_EQ(found->rows.front().index, 2u) << "the index knows it, too";
  EXPECT_EQ(found->rows.back().index, 1u);
}

TEST_F(Verdict, BouncesSoonerWhatTheDnsDoesNotKnow) {
  settings_.attempts_with_dns_errors = 1;
  add("b@x.test");
  const auto made = end({smtp_client::outcome_of(smtp_client::lookup_failure::no_such_domain, "x.test")});
  EXPECT_EQ(made.bounced, 1u);
  EXPECT_FALSE(is_in_spool());
}

TEST_F(Verdict, CountsWhatTheDnsDoesNotKnowByItself) {
  settings_.attempts_with_dns_errors = 2;
  add("b@x.test", 1);
  add("c@x.test", 1).misses = 1;
  add("d@x.test").misses = 1; // was ordered to begin anew
  const auto missing = smtp_client::outcome_of(smtp_client::lookup_failure::no_such_domain, "x.test");
  const auto made = end({missing, missing, missing});
  EXPECT_EQ(made.bounced, 1u);
  ASSERT_EQ(left().size(), 2u);
  EXPECT_EQ(left()[0].address, "b@x.test");
  EXPECT_EQ(left()[0].misses, 1u);
  EXPECT_EQ(left()[1].address, "d@x.test");
  EXPECT_EQ(left()[1].misses, 1u);
}

TEST_F(Verdict, GivesADnsThatDoesNotAnswerAsMuchTimeAsAnybody) {
  settings_.attempts_with_dns_errors = 1;
  add("b@x.test");
  add("c@x.test", 2);
  const auto silent = smtp_client::outcome_of(smtp_client::lookup_failure::timed_out, "x.test");
  const auto made = end({silent, silent});
  EXPECT_EQ(made.deferred, 1u);
  ASSERT_EQ(made.told.size(), 1u);
  EXPECT_EQ(smtp_client::to_string(made.told[0].why.status), "5.4.3");
}

TEST_F(Verdict, PutsOffWhatFailedHereAndCountsNoAttempt) {
  add("b@x.test");
  add("c@x.test", 2); // the next attempt is his last
  const auto trouble = smtp_client::own_trouble(smtp_client::stage::mail, "Nothing can be read here");
  const auto made = end({trouble, trouble});
  EXPECT_EQ(made.bounced, 0u);
  EXPECT_EQ(made.deferred, 2u);
  EXPECT_TRUE(made.told.empty());
  ASSERT_EQ(left().size(), 2u);
  EXPECT_EQ(left()[0].attempts, 0u);
  EXPECT_EQ(left()[1].attempts, 2u);
  EXPECT_EQ(left()[0].due_at, now + minutes(15));
  EXPECT_EQ(left()[1].due_at, now + minutes(30));
  EXPECT_NE(left()[0].last_reply.find("Nothing can be read here"), std::string::npos);
  const auto due = [&](instant at) {
    return storage::read_due(*store_, {}, at, 10, storage::reach::disk)->rows.size();
  };
  EXPECT_EQ(due(now), 0u);
  EXPECT_EQ(due(now + minutes(15)), 1u);
  EXPECT_NE(trace().find("counted=false"), std::string::npos) << trace();
}

TEST_F(Verdict, CountsWhatThePeerMayHaveGotWhoeverIsToBlame) {
  add("b@x.test");
  auto trouble = smtp_client::own_trouble(smtp_client::stage::content, "It broke off here");
  trouble.maybe_delivered = true;
  end({trouble});
  ASSERT_EQ(left().size(), 1u);
  EXPECT_EQ(left()[0].attempts, 1u);
}

TEST_F(Verdict, CountsNoAttemptForWhomThePeerTookNoMoreOf) {
  add("b@x.test");
  add("c@x.test", 1);
  auto later = reply(452, "too many");
  later.fate = fate::next_transaction;
  const auto made = end({reply(250, "ok"), later});
  EXPECT_EQ(made.deferred, 0u);
  ASSERT_EQ(left().size(), 1u);
  EXPECT_EQ(left()[0].attempts, 1u);
}

TEST_F(Verdict, TellsOfSuccessOnlyWhereThePeerDoesNot) {
  add("b@x.test").notify = smtp::notify_success;
  EXPECT_EQ(end({reply(250, "ok")}).told.size(), 1u);
}

TEST_F(Verdict, LeavesReportsToAPeerThatSendsThem) {
  add("b@x.test").notify = smtp::notify_success;
  EXPECT_TRUE(end({reply(250, "ok")}, true).told.empty());
}

TEST_F(Verdict, TellsOnceThatAMessageIsLate) {
  settings_.delay_notice_after = 2;
  add("b@x.test");
  add("c@x.test", 1);
  const auto made = end({reply(451, "later"), reply(451, "later")});
  EXPECT_EQ(made.deferred, 2u);
  ASSERT_EQ(made.told.size(), 1u);
  EXPECT_EQ(made.told[0].who.address, "c@x.test");
  EXPECT_EQ(made.told[0].action, report::delivery_action::delayed);
  EXPECT_EQ(made.told[0].retries_until, now + minutes(30)); // the third attempt is the last
}

TEST_F(Verdict, TellsEachHowLongHeIsTriedHimself) {
  settings_.delay_notice_after = 1;
  settings_.attempts_with_dns_errors = 2;
  add("b@x.test");
  add("c@x.test").notify = smtp::notify_never;
  const auto made =
      end({reply(451, "later"), smtp_client::outcome_of(smtp_client::lookup_failure::no_such_domain, "x")});
  EXPECT_EQ(made.deferred, 2u);
  ASSERT_EQ(made.told.size(), 1u);
  EXPECT_EQ(made.told[0].who.address, "b@x.test");
  EXPECT_EQ(made.told[0].retries_until, now + minutes(45));
}

TEST_F(Verdict, TellsOfNoDelayWhereThatIsSwitchedOff) {
  settings_.delay_notice_after = 0;
  add("b@x.test");
  add("c@x.test", 1);
  EXPECT_TRUE(end({reply(451, "later"), reply(451, "later")}).told.empty());
}

TEST_F(Verdict, TellsNobodyOfWhatCameFromNobody) {
  envelope_.sender.clear();
  add("b@x.test");
  const auto made = end({reply(550, "no")});
  EXPECT_EQ(made.bounced, 1u);
  EXPECT_TRUE(made.told.empty());
}

} // namespace
} // namespace stagepost::outbound
