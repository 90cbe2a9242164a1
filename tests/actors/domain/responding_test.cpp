#include "actors/domain/responding.hpp"

#include "tests/support/directory_fixture.hpp"

#include <algorithm>

namespace stagepost::domain {
namespace {

/// 2026-12-23 23:30 in UTC.
const instant late = from_unix_milliseconds(1798068600000);

conf::user_settings away(const std::string& from, const std::string& until) {
  conf::user_settings made;
  made.auto_responder_enabled = true;
  made.auto_responder_from = from;
  made.auto_responder_until = until;
  return made;
}

TEST(Responding, KeepsToTheDaysInTheZoneOfTheUser) {
  struct {
    const char *from, *until, *zone;
    bool answers;
  } const cases[] = {
      {"", "", "UTC", true},
      {"2026-12-23", "2026-12-23", "UTC", true},
      {"2026-12-24", "", "UTC", false},
      {"2026-12-24", "", "Europe/Berlin", true}, // where it is tomorrow already
      {"", "2026-12-22", "UTC", false},
      {"", "2026-12-23", "Europe/Berlin", false},
      {"", "2026-12-22", "America/New_York", false},
      {"", "2026-12-23", "America/New_York", true},
      {"2026-12-23", "", "No/Where", true}, // a zone nobody knows is UTC
  };
  for (const auto& each : cases)
    EXPECT_EQ(answers_at(away(each.from, each.until), each.zone, late), each.answers)
        << each.from << ' ' << each.until << ' ' << each.zone;
  auto off = away("", "");
  off.auto_responder_enabled = false;
  EXPECT_FALSE(answers_at(off, "UTC", late));
}

class Responders : public testing::directory_fixture {
protected:
  Responders() {
    must(create_domain{"example.org"});
    for (const auto* name : {"alice", "bob"}) add_user(std::string(name) + "@example.org");
    must(put_alias{"sales@example.org", {"alice@example.org"}});
    must(put_alias{"first@example.org", {"sales@example.org"}});
    must(put_alias{"all@example.org", {"alice@example.org", "bob@example.org"}});
    must(change_user{"alice@example.org",
                     {{"auto_responder_enabled", "true"}, {"auto_responder_text", "gone"}}});
  }
  responder_found ask_about(const std::string& recipient, const std::string& sender,
                            std::vector<std::string> addressed) {
    const auto alice = ask<address_found>(directory_, find_address{"alice@example.org"}).target;
    EXPECT_TRUE(alice.answers);
    return ask<responder_found>(directory_, find_responder{alice.account, recipient, sender, addressed});
  }
  static bool has(const responder_found& in, const std::string& address) {
    return std::find(in.own.begin(), in.own.end(), address) != in.own.end();
  }
};

TEST_F(Responders, KnowWhichAddressesAreTheUserAlone) {
  const auto found = ask_about("alice@example.org", "bob@example.org",
                               {"sales@example.org", "first@example.org", "all@example.org",
                                "alice+x@example.org", "alice@far.test", "none"});
  ASSERT_TRUE(found.done && found.answers);
  EXPECT_EQ(found.text, "gone");
  EXPECT_EQ(found.user.address, "alice@example.org");
  EXPECT_TRUE(found.once_per_day);
  for (const auto* own :
       {"alice@example.org", "sales@example.org", "first@example.org", "alice+x@example.org"})
    EXPECT_TRUE(has(found, own)) << own;
  for (const auto* other : {"all@example.org", "alice@far.test", "none", "bob@example.org"})
    EXPECT_FALSE(has(found, other)) << other;
  EXPECT_EQ(found.sender_kind, address_kind::account);
  EXPECT_EQ(ask_about("alice@example.org", "x@far.test", {}).sender_kind, address_kind::elsewhere);
  EXPECT_EQ(ask_about("alice@example.org", "nobody@example.org", {}).sender_kind, address_kind::unknown);
}

TEST_F(Responders, DoNotSpeakForTheCatchAllUnlessTheyAreTo) {
  set_domain("example.org", {{"catch_all", "true"}, {"catch_all_target", "alice@example.org"}});
  const auto caught = ask_about("anything@example.org", "x@far.test", {"anything@example.org"});
  EXPECT_TRUE(caught.caught);
  EXPECT_FALSE(has(caught, "anything@example.org"));
  EXPECT_FALSE(ask_about("sales@example.org", "x@far.test", {}).caught);
  must(change_settings{{{"auto_responder.answer_catch_all", "true"}}});
  const auto meant = ask_about("anything@example.org", "x@far.test", {"anything@example.org"});
  EXPECT_FALSE(meant.caught);
  EXPECT_TRUE(has(meant, "anything@example.org"));
}

TEST_F(Responders, SayNothingOfWhoIsGoneOrNotAway) {
  must(change_user{"alice@example.org", {{"auto_responder_until", "2001-01-01"}}});
  const auto over = ask_about("alice@example.org", "x@far.test", {});
  EXPECT_TRUE(over.done);
  EXPECT_FALSE(over.answers);
  const auto nobody = ask<responder_found>(directory_, find_responder{account_id{999}, "a", "b", {}});
  EXPECT_TRUE(nobody.done);
  EXPECT_FALSE(nobody.answers);
  EXPECT_FALSE(admin(change_user{"alice@example.org", {{"auto_responder_from", "tomorrow"}}}).done);
}

} // namespace
} // namespace stagepost::domain
