#include "actors/connection/control_json.hpp"

#include "protocols/base/mailbox_page.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace stagepost::connection {
namespace {

namespace json = boost::json;

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

TEST(ControlJson, TakesWhatIsThereAndNothingElse) {
  const auto from =
      parsed(R"({"name":"alice","limit":7,"below":-1,"names":["a",1,"b"],"map":{"x":"1","y":2}})");
  EXPECT_EQ(text_of(from, "name"), "alice");
  EXPECT_EQ(text_of(from, "limit"), "");
  EXPECT_EQ(text_of(from, "absent"), "");
  EXPECT_EQ(number_of(from, "limit"), 7u);
  EXPECT_EQ(number_of(from, "below"), 0u);
  EXPECT_EQ(number_of(from, "name"), 0u);
  EXPECT_EQ(texts_of(from, "names"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(texts_of(from, "name").empty());
  EXPECT_EQ(map_of(from, "map"), (storage::setting_map{{"x", "1"}}));
}

TEST(ControlJson, WritesInstantsInUtc) {
  EXPECT_EQ(time_text(from_unix_milliseconds(1700000000123)), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(time_text(from_unix_milliseconds(0)), "1970-01-01T00:00:00.000Z");
}

TEST(ControlJson, ReadsInstantsInUtc) {
  const auto at = from_unix_milliseconds(1700000000123);
  EXPECT_EQ(time_from(time_text(at)), at);
  EXPECT_EQ(time_from("2023-11-14T22:13:20Z"), from_unix_milliseconds(1700000000000));
  EXPECT_EQ(time_from("2023-11-14"), from_unix_milliseconds(1699920000000));
  for (const auto* wrong : {"", "yesterday", "2023-11-14T22:13:20", "2023-13-01", "2023-11-14T24:00:00Z",
                            "2023-11-14Z", "1969-12-31", "2023-11-14T22:13:20.1Zx"})
    EXPECT_FALSE(time_from(wrong)) << wrong;
}

TEST(ControlJson, KnowsTheFlagsOfRfc9051) {
  EXPECT_EQ(flag_named("\\Seen"), flag_seen);
  EXPECT_EQ(flag_named("\\DRAFT"), flag_draft);
  EXPECT_EQ(flag_named("Seen"), 0u);
  EXPECT_EQ(flag_named(""), 0u);
}

TEST(ControlJson, ShowsAUserWithoutAnyCredentials) {
  storage::account_record user;
  user.local_part = "alice";
  user.role = storage::account_role::domain_admin;
  user.shard = 2;
  user.settings = {{"quota_mb", "5"}};
  EXPECT_EQ(
      to_json(user, "example.org"),
      parsed(R"({"address":"alice@example.org","role":"domain_admin","shard":2,"settings":{"quota_mb":"5"},)"
             R"("created_at":"1970-01-01T00:00:00.000Z"})"));
  EXPECT_EQ(text_of(to_json(user, ""), "address"), "alice");
}

TEST(ControlJson, ShowsAMessageThatWaits) {
  spool::queued_message what;
  what.message.id = queue_id{1};
  what.message.sender = "a@example.org";
  what.message.size_bytes = 9;
  storage::spool_recipient to;
  to.address = "b@elsewhere.example";
  to.state = storage::recipient_state::remote;
  to.attempts = 3;
  to.last_reply = "451 later";
  what.recipients.push_back(to);
  const auto shown = to_json(what);
  EXPECT_EQ(text_of(shown, "sender"), "a@example.org");
  const auto& first = shown.at("recipients").as_array().at(0).as_object();
  EXPECT_EQ(text_of(first, "state"), "remote");
  EXPECT_EQ(number_of(first, "attempts"), 3u);
  EXPECT_EQ(text_of(first, "last_reply"), "451 later");
}

TEST(ControlJson, ShowsATraceInOrderOfTime) {
  const auto shown = to_json(
      queue_id{1}, {{from_unix_milliseconds(20), storage::trace_kind::delivered, {{"folder", "INBOX"}}},
                    {from_unix_milliseconds(10), storage::trace_kind::accepted, {}}});
  const auto& steps = shown.at("steps").as_array();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(text_of(steps[0].as_object(), "step"), "accepted");
  EXPECT_EQ(text_of(steps[1].as_object(), "step"), "delivered");
  EXPECT_EQ(steps[1].as_object().at("facts"), json::parse(R"([["folder","INBOX"]])"));
}

TEST(ControlJson, SaysWhetherAStoreIsSound) {
  storage::verify_report report;
  EXPECT_TRUE(to_json("shard0", report).at("sound").as_bool());
  report.findings.push_back({"messages 7", "no body"});
  report.finding_count = 1;
  const auto shown = to_json("shard0", report);
  EXPECT_FALSE(shown.at("sound").as_bool());
  EXPECT_EQ(text_of(shown.at("findings").as_array().at(0).as_object(), "what"), "no body");
}

TEST(ControlJson, RefusesWithASentence) {
  EXPECT_EQ(refusal("No."), parsed(R"({"done":false,"sentence":"No."})"));
  EXPECT_EQ(accepted(), parsed(R"({"done":true})"));
}

} // namespace
} // namespace stagepost::connection
