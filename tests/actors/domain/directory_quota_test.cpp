#include "actors/domain/directory.hpp"
#include "tests/support/directory_fixture.hpp"

namespace stagepost::domain {
namespace {

constexpr uint64_t megabyte = 1024 * 1024;

class QuotaByAdministrator : public testing::directory_fixture {
protected:
  QuotaByAdministrator() {
    must(create_domain{"example.org"});
    must(create_domain{"other.example"});
    add_user("dora@example.org", storage::account_role::domain_admin);
    add_user("alice@example.org");
    add_user("eve@other.example", storage::account_role::domain_admin);
    home_ = find("alice@example.org").domain;
    dora_ = number_of("dora@example.org");
    alice_ = number_of("alice@example.org");
    eve_ = number_of("eve@other.example");
  }

  account_id number_of(const std::string& address) { return find(address).target.account; }
  quota_changed change(account_id by, account_id account, std::optional<uint64_t> megabytes) {
    return ask<quota_changed>(directory_, change_quota{home_, by, account, megabytes});
  }
  /// How it ended, for those that must leave everything as it was.
  quota_change refused(account_id by, account_id account, std::optional<uint64_t> megabytes = 5) {
    const auto before = find("alice@example.org").target.quota_bytes;
    const auto answer = change(by, account, megabytes).outcome;
    EXPECT_EQ(find("alice@example.org").target.quota_bytes, before);
    return answer;
  }

  domain_id home_;
  account_id dora_, alice_, eve_;
};

TEST_F(QuotaByAdministrator, CountsAtOnceAndAfterARestart) {
  const auto changed = change(dora_, alice_, 7);
  ASSERT_EQ(changed.outcome, quota_change::done);
  EXPECT_EQ(changed.target.account, alice_);
  EXPECT_EQ(changed.target.quota_bytes, 7 * megabyte);
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 7 * megabyte);
  reopen();
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 7 * megabyte);
}

TEST_F(QuotaByAdministrator, MayBeHisOwn) {
  EXPECT_EQ(change(dora_, dora_, 9).outcome, quota_change::done);
  EXPECT_EQ(find("dora@example.org").target.quota_bytes, 9 * megabyte);
}

TEST_F(QuotaByAdministrator, LeavesOtherSettingsOfTheUserAlone) {
  must(change_user{"alice@example.org", {{"allow_pop3", "false"}}});
  EXPECT_EQ(change(dora_, alice_, 7).outcome, quota_change::done);
  const auto users = ask<user_list>(directory_, list_users{"example.org", "alice", 1}).users;
  ASSERT_EQ(users.size(), 1u);
  const storage::setting_map expected{{"allow_pop3", "false"}, {"quota_mb", "7"}};
  EXPECT_EQ(users.front().settings, expected);
}

TEST_F(QuotaByAdministrator, IsNoMoreThanTheDomainHas) {
  set_domain("example.org", {{"disk_space_mb", "10"}});
  EXPECT_EQ(change(dora_, alice_, 10).outcome, quota_change::done);
  EXPECT_EQ(refused(dora_, alice_, 11), quota_change::beyond_domain);
  EXPECT_EQ(refused(dora_, alice_, UINT64_MAX), quota_change::beyond_domain);
  // Without one of his own, that is his.
  EXPECT_EQ(change(dora_, alice_, 3).target.quota_bytes, 3 * megabyte);
  EXPECT_EQ(change(dora_, alice_, std::nullopt).target.quota_bytes, 10 * megabyte);
  set_domain("example.org", {{"disk_space_mb", "0"}});
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 0u) << "nothing limits it now";
  EXPECT_EQ(change(dora_, alice_, 1000000).target.quota_bytes, 1000000 * megabyte);
  EXPECT_EQ(refused(dora_, alice_, UINT64_MAX), quota_change::beyond_domain) << "no number of octets";
}

TEST_F(QuotaByAdministrator, IsSetByNobodyElse) {
  EXPECT_EQ(refused(alice_, alice_), quota_change::not_permitted) << "a user";
  EXPECT_EQ(refused(eve_, alice_), quota_change::not_permitted) << "administers another domain";
  EXPECT_EQ(refused(account_id{}, alice_), quota_change::not_permitted);
  EXPECT_EQ(refused(account_id{99}, alice_), quota_change::not_permitted);
  must(change_user{"dora@example.org", {{"disabled", "true"}}});
  EXPECT_EQ(refused(dora_, alice_), quota_change::not_permitted) << "shut out since he logged in";
}

TEST_F(QuotaByAdministrator, IsOfAUserOfHisDomain) {
  EXPECT_EQ(refused(dora_, eve_), quota_change::unknown);
  EXPECT_EQ(refused(dora_, account_id{}), quota_change::unknown);
  EXPECT_EQ(refused(dora_, account_id{99}), quota_change::unknown);
  const auto made = ask<public_folders_made>(directory_, make_public_folders{"example.org"});
  EXPECT_EQ(refused(dora_, made.target.account), quota_change::unknown) << "nobody's";
}

} // namespace
} // namespace stagepost::domain
