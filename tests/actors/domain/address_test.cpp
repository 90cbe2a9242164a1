#include "tests/support/directory_fixture.hpp"

#include <algorithm>

namespace stagepost::domain {
namespace {

/// Who gets the mail of an address.
class Address : public testing::directory_fixture {
protected:
  Address() {
    must(create_domain{"example.org"});
    add_user("alice@example.org");
    add_user("bob@example.org");
  }
  std::vector<std::string> accounts_of(const std::string& alias) {
    std::vector<std::string> all;
    for (const auto& each : expand(alias).accounts) all.push_back(each.address);
    std::sort(all.begin(), all.end());
    return all;
  }
  using names = std::vector<std::string>;
};

TEST_F(Address, FindsAUserWhateverTheCase) {
  const auto found = find("ALICE@Example.Org");
  EXPECT_EQ(found.kind, address_kind::account);
  EXPECT_TRUE(found.is_local_domain);
  EXPECT_EQ(found.target.address, "alice@example.org");
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
  EXPECT_EQ(find("no address").kind, address_kind::malformed);
  EXPECT_EQ(find("").kind, address_kind::malformed);
}

TEST_F(Address, PutsWhatStandsBehindThePlusIntoAFolder) {
  const auto found = find("alice+lists@example.org");
  EXPECT_EQ(found.kind, address_kind::account);
  EXPECT_EQ(found.target.folder, "lists");
  EXPECT_EQ(find("nobody+lists@example.org").kind, address_kind::unknown);
  EXPECT_EQ(find("+lists@example.org").kind, address_kind::unknown);
  add_user("bob+exact@example.org");
  EXPECT_EQ(find("bob+exact@example.org").target.folder, "");
}

TEST_F(Address, TakesNoSuffixForAUserWhoWantsNone) {
  must(change_user{"alice@example.org", {{"plus_addressing", "false"}}});
  EXPECT_EQ(find("alice+lists@example.org").kind, address_kind::unknown);
  EXPECT_EQ(find("alice@example.org").kind, address_kind::account);
}

TEST_F(Address, AlwaysHasAPostmaster) {
  EXPECT_EQ(find("postmaster@example.org").target.address, "alice@example.org");
  EXPECT_EQ(find("PostMaster").target.address, "alice@example.org"); // RFC 5321 4.5.1
  EXPECT_EQ(find("abuse@example.org").target.address, "alice@example.org");
  add_user("zoe@example.org", storage::account_role::domain_admin);
  EXPECT_EQ(find("postmaster@example.org").target.address, "zoe@example.org");
  must(put_alias{"postmaster@example.org", {"bob@example.org"}});
  EXPECT_EQ(find("postmaster@example.org").kind, address_kind::alias);
  EXPECT_EQ(accounts_of("postmaster@example.org"), names{"bob@example.org"});
}

TEST_F(Address, BarePostmasterFollowsTheAliasOfTheFirstDomain) {
  must(put_alias{"postmaster@example.org", {"bob@example.org"}});
  EXPECT_EQ(find("postmaster").kind, address_kind::alias);
  EXPECT_EQ(accounts_of("Postmaster"), names{"bob@example.org"});
}

TEST_F(Address, CatchesWhatDoesNotExist) {
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
  set_domain("example.org", {{"catch_all", "true"}, {"catch_all_target", "bob@example.org"}});
  EXPECT_EQ(find("nobody@example.org").target.address, "bob@example.org");
  EXPECT_EQ(find("alice@example.org").target.address, "alice@example.org");
  set_domain("example.org", {{"catch_all", "false"}});
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
}

TEST_F(Address, IsDisabledWithItsUserOrItsDomain) {
  must(change_user{"alice@example.org", {{"disabled", "true"}}});
  EXPECT_EQ(find("alice@example.org").kind, address_kind::disabled); // USR-05
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
  set_domain("example.org", {{"disabled", "true"}});
  EXPECT_EQ(find("bob@example.org").kind, address_kind::disabled); // DOM-13
  EXPECT_TRUE(find("bob@example.org").is_local_domain);
  set_domain("example.org", {{"disabled", "false"}});
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
}

TEST_F(Address, SaysWhetherItsUsersMustLogIn) {
  EXPECT_TRUE(find("alice@example.org").require_auth);
  set_domain("example.org", {{"require_auth", "false"}});
  EXPECT_FALSE(find("alice@example.org").require_auth);
}

TEST_F(Address, CarriesTheQuotaOfItsUser) {
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 500u << 20); // the domain's space
  set_domain("example.org", {{"disk_space_mb", "0"}});
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 0u); // unlimited
  must(change_user{"alice@example.org", {{"quota_mb", "3"}}});
  EXPECT_EQ(find("alice@example.org").target.quota_bytes, 3u << 20);
}

TEST_F(Address, ExpandsAnAliasToEverybodyOnce) {
  must(create_domain{"example.net"});
  add_user("carol@example.net");
  must(put_alias{"sales@example.org",
                 {"Alice@example.org", "bob@example.org", "team@example.net", "x@elsewhere.example"}});
  must(put_alias{"team@example.net",
                 {"carol@example.net", "alice@example.org", "sales@example.org"}}); // a cycle
  EXPECT_EQ(find("sales@example.org").kind, address_kind::alias);
  EXPECT_EQ(accounts_of("sales@example.org"),
            (names{"alice@example.org", "bob@example.org", "carol@example.net"}));
  EXPECT_EQ(expand("sales@example.org").elsewhere, names{"x@elsewhere.example"});
}

TEST_F(Address, AnAliasOfItselfIsNobody) {
  must(put_alias{"loop@example.org", {"loop@example.org"}});
  EXPECT_TRUE(accounts_of("loop@example.org").empty());
}

TEST_F(Address, AnAliasWithASuffixReachesItsPeople) {
  must(put_alias{"sales@example.org", {"bob@example.org"}});
  EXPECT_EQ(find("sales+spring@example.org").kind, address_kind::alias);
  EXPECT_EQ(accounts_of("sales+spring@example.org"), names{"bob@example.org"});
}

TEST_F(Address, AnAliasMayPointToASuffixAPostmasterAndACatchAll) {
  set_domain("example.org", {{"catch_all", "true"}, {"catch_all_target", "bob@example.org"}});
  must(put_alias{"one@example.org", {"alice+lists@example.org"}});
  must(put_alias{"two@example.org", {"abuse@example.org"}});
  must(put_alias{"three@example.org", {"nobody@example.org"}});
  ASSERT_EQ(expand("one@example.org").accounts.size(), 1u);
  EXPECT_EQ(expand("one@example.org").accounts[0].folder, "lists");
  EXPECT_EQ(accounts_of("two@example.org"), names{"alice@example.org"});
  EXPECT_EQ(accounts_of("three@example.org"), names{"bob@example.org"});
}

TEST_F(Address, ExpandsNoFurtherThanTheLimit) {
  must(put_alias{"all@example.org", {"alice@example.org", "bob@example.org", "a@b.example", "c@d.example"}});
  const auto found = expand("all@example.org", 3);
  EXPECT_TRUE(found.cut);
  EXPECT_LE(found.accounts.size() + found.elsewhere.size(), 3u);
  EXPECT_FALSE(expand("all@example.org", 100).cut);
}

TEST_F(Address, IsForgottenWithItsUser) {
  EXPECT_EQ(find("alice@example.org").kind, address_kind::account);
  must(delete_user{"alice@example.org"});
  EXPECT_EQ(find("alice@example.org").kind, address_kind::unknown);
  const auto before = find("bob@example.org").target.account;
  must(delete_user{"bob@example.org"});
  add_user("bob@example.org");
  EXPECT_NE(find("bob@example.org").target.account, before); // another person with another mailbox
}

} // namespace
} // namespace stagepost::domain
