#include "actors/spool/intake.hpp"

#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/hourly_table.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

class SpoolIntake : public testing::tree_fixture {
protected:
  SpoolIntake() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
  }
};

TEST_F(SpoolIntake, HasOnDiskWhatItAnsweredFor) {
  auto what = message(0, {"friend@elsewhere.example"}, "Subject: durable\r\n\r\n");
  what.message_id = "<one@elsewhere.example>";
  what.trace.push_back({what.accepted_at, storage::trace_kind::accepted, {{"peer", "192.0.2.1"}}});
  EXPECT_EQ(accept(0, what), what.id);
  restart();
  const auto waiting = queued(0);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].message.sender, "sender@elsewhere.example");
  ASSERT_EQ(waiting[0].recipients.size(), 1u);
  EXPECT_EQ(waiting[0].recipients[0].address, "friend@elsewhere.example");
  EXPECT_EQ(waiting[0].recipients[0].state, storage::recipient_state::remote);
  EXPECT_EQ(*storage::read_body(*shards_[0], what.body, 0, 100, storage::reach::disk),
            "Subject: durable\r\n\r\n");
  EXPECT_EQ(*storage::find_traces(*shards_[0], "one@elsewhere.example", storage::reach::disk),
            std::vector{what.id});
  EXPECT_EQ(storage::read_trace(*shards_[0], what.id, storage::reach::disk)->size(), 1u);
  expect_sound();
}

TEST_F(SpoolIntake, GivesOneCopyToAMailboxNamedTwice) {
  accept(0,
         {"alice@example.org", "ALICE@example.org", "postmaster@example.org", "alice+nowhere@example.org"});
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 2u); // the one with a suffix goes where it says: another place
  expect_sound();
}

TEST_F(SpoolIntake, TakesNothingWhenTheDiskHasOnlyItsReserve) {
  auto changed = *settings_->get();
  changed.store.disk_reserve = conf::mb(1ull << 40);
  settings_->set(changed);
  restart(); // a new intake looks at once
  EXPECT_FALSE(ask<bool>(tree_.shards[0].intake, may_accept{1}));
  const auto failed =
      ask_for_error<message_accepted>(tree_.shards[0].intake, message(0, {"alice@example.org"}));
  EXPECT_EQ(storage_code(failed), storage::errc::disk_full);
  EXPECT_TRUE(queued(0).empty());
}

TEST_F(SpoolIntake, ReturnsWhatWasDeliveredToThatMailboxBefore) {
  auto what = message(0, {"alice@example.org", "friend@elsewhere.example"});
  what.recipients[0].delivered_before = true;
  accept(0, what);
  await_deliveries();
  EXPECT_TRUE(eventually([&] { // its sender hears of it
    const auto waiting = queued(0);
    return waiting.size() == 2 && waiting[1].recipients.at(0).address == "sender@elsewhere.example";
  }));
  ASSERT_EQ(queued(0)[0].recipients.size(), 1u);
  EXPECT_EQ(queued(0)[0].recipients[0].address, "friend@elsewhere.example");
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  EXPECT_EQ(storage::read_trace(*shards_[0], what.id, storage::reach::disk)->back().kind,
            storage::trace_kind::bounced);
}

TEST_F(SpoolIntake, TellsAClientThatWaitsHowEachFirstTryEnded) {
  add_user("bob@example.org");
  auto what = message(0, {"bob@example.org", "alice@example.org"});
  what.recipients[1].target.quota_bytes = 5;
  what.try_first = true;
  const auto answer = ask<message_accepted>(tree_.shards[0].intake, what);
  EXPECT_EQ(answer.tries, (std::vector{first_try::delivered, first_try::over_quota}));
  EXPECT_EQ(messages_of("bob@example.org"), 1u);
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

/// A message that a user sends whose domain may send so many in an hour.
accept_message counted(accept_message what, uint64_t most, conf::throttle_action action) {
  auto& sent = what.counts.sent.emplace();
  sent.domain = domain_id{1};
  sent.user = account_id{1};
  sent.caps.messages = {action, most};
  sent.messages = what.recipients.size();
  sent.octets = what.size_bytes;
  return what;
}

/// How far it is to ten past the next hour: a test must not meet the end of one.
std::chrono::milliseconds to_ten_past() {
  const auto now = wall_clock();
  return std::chrono::ceil<std::chrono::hours>(now) + std::chrono::minutes(10) - now;
}

TEST_F(SpoolIntake, HasOnDiskWhatItCountedWithTheMessage) {
  const wall_clock_shift clock(to_ten_past());
  const auto send = [&](size_t shard) {
    return ask<message_accepted>(tree_.shards[shard].intake, counted(message(shard, {"alice@example.org"}), 2,
                                                                     conf::throttle_action::reject));
  };
  EXPECT_EQ(send(0).refused_until, instant{});
  EXPECT_EQ(send(1).refused_until, instant{});
  for (size_t i = 0; i < 2; ++i) {
    const auto rows = storage::read_hourly(*shards_[i], storage::reach::disk);
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ(rows->front().counts.messages, 1u);
  }
  restart();
  EXPECT_NE(send(2).refused_until, instant{}) << "the sum of all shards, after a start, too";
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 2u);
  expect_sound();
}

TEST_F(SpoolIntake, LetsMailAboveALimitWaitForTheHourToEndAndCountsNoAttempt) {
  must(domain::put_alias{"both@example.org", {"alice@example.org", "carol@elsewhere.example"}});
  const auto shift = to_ten_past();
  wall_clock_shift clock(shift);
  const auto begun_at = wall_clock();
  accept(0, counted(message(0, {"alice@example.org", "friend@elsewhere.example", "both@example.org"}), 0,
                    conf::throttle_action::delay));
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.size() == 3; })); // the alias is written out
  await_deliveries();
  const auto waiting = queued(0);
  ASSERT_EQ(waiting.size(), 1u);
  for (const auto& each : waiting[0].recipients) {
    EXPECT_TRUE(each.is_put_off) << each.address;
    EXPECT_GT(each.due_at, begun_at) << each.address;
    EXPECT_LE(each.due_at, begun_at + std::chrono::hours(1)) << each.address;
    EXPECT_EQ(each.attempts, 0u) << each.address;
    EXPECT_TRUE(each.last_reply.starts_with("450 4.7.1")) << each.last_reply;
  }
  EXPECT_EQ(waiting[0].recipients.back().address, "carol@elsewhere.example") << "whom the alias gave";
  restart(); // a start does not hurry it
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  clock.set(shift + std::chrono::hours(1));
  restart();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  expect_sound();
}

TEST_F(SpoolIntake, AnswersAClientThatWaitsForMailThatIsPutOff) {
  auto what = counted(message(0, {"alice@example.org"}), 0, conf::throttle_action::delay);
  what.try_first = true;
  const auto answer = ask<message_accepted>(tree_.shards[0].intake, what);
  EXPECT_EQ(answer.tries, std::vector{first_try::kept});
}

TEST(SpoolEnvelope, ComesBackAsItWas) {
  smtp::envelope what;
  what.sender = "someone@example.org";
  what.body = smtp::body_type::eight_bit_mime;
  what.smtp_utf8 = true;
  what.ret = smtp::return_content::headers;
  what.envelope_id = "id=7";
  const auto written = encode_envelope(what);
  const auto read = decode_envelope(written);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sender, what.sender);
  EXPECT_EQ(read->body, what.body);
  EXPECT_TRUE(read->smtp_utf8);
  EXPECT_EQ(read->ret, what.ret);
  EXPECT_EQ(read->envelope_id, what.envelope_id);
  for (size_t size = 0; size < written.size(); ++size)
    EXPECT_FALSE(decode_envelope(bytes_view(written).substr(0, size)));
  EXPECT_FALSE(decode_envelope(std::string("\x63", 1) + written.substr(1)));
}

TEST(SpoolEnvelope, RemembersDeliveriesAndIsAsBeforeWithoutAny) {
  smtp::envelope what;
  what.sender = "a@b";
  EXPECT_EQ(encode_envelope(what), std::string("\x01\x03"
                                               "a@b\0\0\0\0",
                                               9)); // stored
  what.delivered_to = {"one@example.org", "two@example.org"};
  const auto written = encode_envelope(what);
  EXPECT_EQ(written.front(), 2);
  const auto read = decode_envelope(written);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->delivered_to, what.delivered_to);
  EXPECT_FALSE(decode_envelope(bytes_view(written).substr(0, written.size() - 1)));
}

TEST(SpoolEnvelope, RemembersWhichServerHandedItOver) {
  smtp::envelope what;
  what.sender = "a@b";
  what.origin = {"192.0.2.1", "client.example", "first@c"};
  what.delivered_to = {"one@example.org"};
  const auto written = encode_envelope(what);
  EXPECT_EQ(written.front(), 4);
  const auto read = decode_envelope(written);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->origin.client, "192.0.2.1");
  EXPECT_EQ(read->origin.helo, "client.example");
  EXPECT_EQ(read->origin.mail_from, "first@c");
  EXPECT_EQ(read->delivered_to, what.delivered_to);
  EXPECT_TRUE(read->forwarded_for.empty());
  EXPECT_FALSE(decode_envelope(bytes_view(written).substr(0, 20)));
}

TEST(SpoolEnvelope, RemembersWhatTheSenderWishedOfTls) {
  smtp::envelope what;
  what.sender = "a@b";
  what.tls = smtp::tls_wish::required;
  EXPECT_EQ(encode_envelope(what), std::string("\x05\x03"
                                               "a@b\0\0\0\0\0\0\0\0\x01",
                                               14)); // stored
  what.delivered_to = {"one@example.org"};
  what.origin = {"192.0.2.1", "client.example", {}};
  for (const auto wish : {smtp::tls_wish::required, smtp::tls_wish::optional}) {
    what.tls = wish;
    const auto read = decode_envelope(encode_envelope(what));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tls, wish);
    EXPECT_EQ(read->delivered_to, what.delivered_to);
    EXPECT_EQ(read->origin.client, "192.0.2.1");
  }
  auto unknown = std::string("\x05\x03"
                             "a@b\0\0\0\0\0\0\0\0\x03",
                             14);
  EXPECT_FALSE(decode_envelope(unknown));
  EXPECT_FALSE(decode_envelope(bytes_view(unknown).substr(0, 13)));
  // As the release before wrote it: nobody had a wish.
  what.tls = smtp::tls_wish::none;
  const auto before = decode_envelope(encode_envelope(what));
  ASSERT_TRUE(before);
  EXPECT_EQ(encode_envelope(what).front(), 4);
  EXPECT_EQ(before->tls, smtp::tls_wish::none);
}

TEST(SpoolEnvelope, RemembersWhoHadItSentOn) {
  smtp::envelope what;
  what.sender = "a@b";
  what.forwarded_for = {"two@example.org", "one@example.org"};
  what.delivered_to = {"zero@example.org", "one@example.org", "two@example.org"};
  const auto written = encode_envelope(what);
  EXPECT_EQ(written.substr(0, 11), std::string("\x03\x03"
                                               "a@b\0\0\0\0\x02\x0f",
                                               11)); // stored
  const auto read = decode_envelope(written);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->forwarded_for, what.forwarded_for);
  EXPECT_EQ(read->delivered_to, what.delivered_to);
  EXPECT_FALSE(decode_envelope(bytes_view(written).substr(0, 20)));
}

} // namespace
} // namespace stagepost::spool
