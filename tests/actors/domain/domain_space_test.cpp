#include "actors/domain/space.hpp"

#include "actors/spool/postmaster.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::domain {
namespace {

class DomainSpace : public testing::tree_fixture {
protected:
  DomainSpace() {
    must(create_domain{"example.org"});
    add_user("alice@example.org");
    add_user("bob@example.org");
  }
  /// Two megabytes for alice.
  void fill() {
    auto what = message(0, {"alice@example.org"});
    what.size_bytes = 2u << 20;
    accept(0, what);
    await_deliveries();
    ASSERT_EQ(messages_of("alice@example.org"), 1u);
  }
  void set_space(const std::string& megabytes) {
    must(change_domain{"example.org", {{"disk_space_mb", megabytes}}, {}, {}});
  }
};

TEST_F(DomainSpace, TakesNoMailForAnybodyWhenAllOfItIsUsed) {
  fill();
  set_space("1"); // DOM-55
  EXPECT_EQ(find("alice@example.org").kind, address_kind::domain_full);
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full); // it is the domain's, not hers
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
  set_space("5");
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
  set_space("0"); // unlimited
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
  set_space("1"); // nobody has summed up lately: the first one asked for waits for it
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
}

TEST_F(DomainSpace, KnowsAFullDomainFromTheFirstQuestionAfterAStart) {
  fill();
  set_space("1");
  restart();
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
}

TEST_F(DomainSpace, AChangeOfAnotherSettingDoesNotOpenAFullDomain) {
  fill();
  set_space("1");
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
  must(change_domain{"example.org", {{"max_users", "7"}}, {}, {}});
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
  must(change_settings{{{"smtp_in.plus_separator", "-"}}});
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
}

TEST_F(DomainSpace, WarnsTheAdministratorsOnceWhenItIsUsedUp) {
  must(create_user{"boss@example.org", "secret", storage::account_role::domain_admin});
  must(create_user{"chief@example.org", "secret", storage::account_role::domain_admin});
  fill();
  set_space("1");
  EXPECT_EQ(find("boss@example.org").kind, address_kind::domain_full); // and yet he is told
  EXPECT_TRUE(eventually([&] { return messages_of("boss@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return messages_of("chief@example.org") == 1; }));
  for (int i = 0; i < 5; ++i) {
    must(change_domain{"example.org", {{"max_users", std::to_string(10 + i)}}, {}, {}});
    EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
  }
  set_space("5");
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
  set_space("1"); // used up again, after there was room
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full);
  EXPECT_TRUE(eventually([&] { return messages_of("boss@example.org") == 2; }));
  await_deliveries();
  EXPECT_EQ(messages_of("boss@example.org"), 2u);
  EXPECT_EQ(messages_of("alice@example.org"), 1u); // what filled it
}

TEST_F(DomainSpace, WarnsThePostmasterOfADomainWithoutAdministrators) {
  must(put_alias{"postmaster@example.org", {"bob@example.org"}});
  fill();
  set_space("1");
  EXPECT_EQ(find("alice@example.org").kind, address_kind::domain_full);
  EXPECT_TRUE(eventually([&] { return messages_of("bob@example.org") == 1; }));
}

TEST(SpaceAlarm, RingsOnceAndAgainOnlyAfterThereWasRoom) {
  using news = space_alarm::news;
  space_alarm alarm;
  EXPECT_EQ(alarm.look(99, 100), news::none); // neither full nor well below
  EXPECT_EQ(alarm.look(100, 100), news::used_up);
  for (const uint64_t used : {101, 99, 100, 91, 250}) EXPECT_EQ(alarm.look(used, 100), news::none) << used;
  EXPECT_EQ(alarm.look(89, 100), news::room);
  EXPECT_EQ(alarm.look(0, 100), news::none);
  EXPECT_EQ(alarm.look(100, 100), news::used_up);
  EXPECT_EQ(alarm.look(100, 0), news::room); // no limit any more
}

TEST(SpaceWarning, IsAMessageThatNobodyAnswers) {
  space_crossed what;
  what.name = "example.org";
  what.used_bytes = 501u << 20;
  what.limit_bytes = 500u << 20;
  what.readers = {{"a@example.org", address_kind::account, {}}, {"b@example.org", address_kind::account, {}}};
  const auto text = spool::space_warning(what, "7.1", from_unix_milliseconds(1700000000000));
  EXPECT_TRUE(text.starts_with("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                               "From: Mail server <postmaster@example.org>\r\n"
                               "To: <a@example.org>,\r\n <b@example.org>\r\n"
                               "Subject: The disk space of example.org is used up\r\n"
                               "Message-ID: <7.1@example.org>\r\n"
                               "Auto-Submitted: auto-generated\r\n"))
      << text;
  EXPECT_NE(text.find("takes 501 MB, and 500 MB are allowed"), std::string::npos);
}

} // namespace
} // namespace stagepost::domain
