#include "actors/domain/directory.hpp"

#include "tests/support/directory_fixture.hpp"

#include <future>
#include <map>
#include <optional>

namespace stagepost::domain {
namespace {

using Directory = testing::directory_fixture;

TEST_F(Directory, MakesADomainThatStays) {
  must(create_domain{"Example.ORG"});
  reopen();
  const auto all = ask<domain_list>(directory_, list_domains{});
  ASSERT_EQ(all.domains.size(), 1u);
  EXPECT_EQ(all.domains[0].name, "example.org");
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
  EXPECT_EQ(find("nobody@elsewhere.example").kind, address_kind::elsewhere);
}

TEST_F(Directory, RefusesDomainsThatCannotBe) {
  must(create_domain{"example.org"});
  EXPECT_EQ(refusal(create_domain{"EXAMPLE.org."}), "The domain example.org is there already.");
  EXPECT_EQ(refusal(create_domain{"not a domain"}), "\"not a domain\" is not a domain name.");
  EXPECT_EQ(refusal(create_domain{""}), "\"\" is not a domain name.");
  EXPECT_FALSE(refusal(create_domain{"[192.0.2.1]"}).empty());
}

TEST_F(Directory, DeletesADomainOnlyWithoutUsers) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  must(put_alias{"sales@example.org", {"alice@example.org"}});
  EXPECT_EQ(refusal(delete_domain{"example.org"}),
            "The domain example.org still has users; delete them first.");
  EXPECT_EQ(refusal(delete_domain{"other.example"}), "There is no domain other.example.");
  must(delete_user{"alice@example.org"});
  must(delete_domain{"example.org"});
  EXPECT_EQ(find("sales@example.org").kind, address_kind::elsewhere);
  must(create_domain{"example.org"});
  EXPECT_EQ(find("sales@example.org").kind, address_kind::unknown); // a new one with nothing of the old
}

TEST_F(Directory, SaysHowMailOfADomainLeaves) {
  must(create_domain{"example.org"});
  must(change_domain{"example.org", {{"outbound_ipv4", "192.0.2.7"}}, {"example.net"}, {}});
  const auto first = ask<way_out_found>(directory_, find_way_out{"Example.NET"});
  EXPECT_TRUE(first.done);
  EXPECT_EQ(first.way, (way_out{"192.0.2.7", {}, true}));
  must(change_domain{"example.org", {{"outgoing_tls", "false"}}, {}, {}});
  EXPECT_FALSE(ask<way_out_found>(directory_, find_way_out{"example.org"}).way.tls);
  const auto elsewhere = ask<way_out_found>(directory_, find_way_out{"elsewhere.example"});
  EXPECT_TRUE(elsewhere.done);
  EXPECT_TRUE(elsewhere.way.is_usual());
}

TEST_F(Directory, GivesADomainOtherNames) {
  must(create_domain{"example.org"});
  must(create_domain{"taken.example"});
  add_user("alice@example.org");
  must(change_domain{"example.org", {}, {"Example.NET", "example.com"}, {}});
  EXPECT_EQ(find("Alice@example.net").target.address, "alice@example.org");
  EXPECT_EQ(refusal(change_domain{"example.org", {}, {"third.example"}, {}}),
            "The domain example.org may have 2 domain aliases."); // DOM-56
  EXPECT_EQ(refusal(change_domain{"example.org", {}, {"taken.example"}, {"example.com"}}),
            "The domain taken.example is there already.");
  EXPECT_EQ(refusal(create_domain{"example.net"}), "The domain example.net is there already.");
  must(change_domain{"example.org", {}, {}, {"example.net"}});
  EXPECT_EQ(find("alice@example.net").kind, address_kind::elsewhere);
  EXPECT_EQ(find("alice@example.com").kind, address_kind::account);
}

TEST_F(Directory, RefusesSettingsItDoesNotKnow) {
  must(create_domain{"example.org"});
  EXPECT_NE(refusal(change_domain{"example.org", {{"no_such", "1"}}, {}, {}}).find("no_such"),
            std::string::npos);
  EXPECT_NE(refusal(change_domain{"example.org", {{"max_users", "many"}}, {}, {}}).find("max_users"),
            std::string::npos);
  EXPECT_EQ(refusal(change_domain{"other.example", {}, {}, {}}), "There is no domain other.example.");
  add_user("alice@example.org");
  EXPECT_NE(refusal(change_user{"alice@example.org", {{"quota_mb", "-1"}}}).find("quota_mb"),
            std::string::npos);
  EXPECT_NE(refusal(change_settings{{{"smtp_in.no_such", "1"}}}).find("smtp_in.no_such"), std::string::npos);
}

TEST_F(Directory, RefusesTimeZonesThatAreNone) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  const auto sentence = "time_zone: There is no time zone Mars/Olympus_Mons.";
  EXPECT_EQ(refusal(change_domain{"example.org", {{"time_zone", "Mars/Olympus_Mons"}}, {}, {}}), sentence);
  EXPECT_EQ(refusal(change_user{"alice@example.org", {{"time_zone", "Mars/Olympus_Mons"}}}), sentence);
  must(change_user{"alice@example.org", {{"time_zone", "Asia/Kolkata"}}});
}

TEST_F(Directory, RefusesUsersThatCannotBe) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  must(put_alias{"sales@example.org", {"alice@example.org"}});
  EXPECT_EQ(refusal(create_user{"ALICE@example.org", "x"}), "ALICE@example.org is there already.");
  EXPECT_EQ(refusal(create_user{"sales@example.org", "x"}), "sales@example.org is an alias.");
  EXPECT_EQ(refusal(create_user{"bob@other.example", "x"}), "There is no domain other.example.");
  EXPECT_EQ(refusal(create_user{"bob", "x"}), "\"bob\" is not an address.");
  EXPECT_EQ(refusal(create_user{"bob@example.org", ""}), "A password has 1 to 1024 octets.");
  for (const auto role : {0, 4, 255})
    EXPECT_EQ(refusal(create_user{"bob@example.org", "x", storage::account_role(role)}),
              "There is no such role.");
  EXPECT_EQ(refusal(create_user{"bob@example.org", std::string(1025, 'x')}),
            "A password has 1 to 1024 octets.");
  EXPECT_EQ(refusal(delete_user{"bob@example.org"}), "There is no user bob@example.org.");
  EXPECT_EQ(refusal(change_user{"bob@example.org", {}}), "There is no user bob@example.org.");
  EXPECT_EQ(refusal(change_password{"bob@example.org", "x"}), "There is no user bob@example.org.");
  EXPECT_EQ(refusal(change_password{"alice@example.org", ""}), "A password has 1 to 1024 octets.");
  EXPECT_EQ(refusal(create_user{"a@b", "x", storage::account_role::system_admin}),
            "The login name of a system administrator has no @.");
}

TEST_F(Directory, HoldsTheLimitsOfADomain) {
  must(create_domain{"example.org"});
  set_domain("example.org", {{"max_users", "2"}, {"max_user_aliases", "1"}});
  add_user("alice@example.org");
  add_user("bob@example.org");
  EXPECT_EQ(refusal(create_user{"carol@example.org", "x"}),
            "The domain example.org may have 2 users."); // DOM-57
  must(put_alias{"sales@example.org", {"alice@example.org"}});
  must(put_alias{"sales@example.org", {"bob@example.org"}}); // a change of the one there is
  EXPECT_EQ(refusal(put_alias{"info@example.org", {"bob@example.org"}}),
            "The domain example.org may have 1 aliases."); // DOM-58
  must(delete_user{"alice@example.org"});
  add_user("carol@example.org");
}

TEST_F(Directory, HoldsTheLimitOfUsersHoweverManyComeAtOnce) {
  must(create_domain{"example.org"});
  set_domain("example.org", {{"max_users", "2"}});
  caf::scoped_actor client(*system_);
  using answer = decltype(client->request(directory_, testing::patience, create_user{}));
  std::vector<answer> answers;
  for (const auto* name : {"alice", "bob", "carol", "dave", "alice"})
    answers.push_back(
        client->request(directory_, testing::patience, create_user{std::string(name) + "@example.org", "x"}));
  size_t made = 0;
  for (auto& each : answers) each.receive([&](admin_answer& done) { made += done.done; }, [](caf::error&) {});
  EXPECT_EQ(made, 2u);
  EXPECT_EQ(ask<user_list>(directory_, list_users{"example.org", "", 100}).users.size(), 2u);
}

TEST_F(Directory, MakesOneUserOfManyRequestsForTheSame) {
  must(create_domain{"example.org"});
  caf::scoped_actor client(*system_);
  auto first = client->request(directory_, testing::patience, create_user{"alice@example.org", "x"});
  auto second = client->request(directory_, testing::patience, create_user{"alice@example.org", "x"});
  size_t made = 0;
  first.receive([&](admin_answer& done) { made += done.done; }, [](caf::error&) {});
  second.receive([&](admin_answer& done) { made += done.done; }, [](caf::error&) {});
  EXPECT_EQ(made, 1u);
  EXPECT_EQ(ask<user_list>(directory_, list_users{"example.org", "", 100}).users.size(), 1u);
}

TEST_F(Directory, LosesNoSettingWhenTwoAreChangedAtOnce) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  caf::scoped_actor client(*system_);
  auto first = client->request(directory_, testing::patience,
                               change_user{"alice@example.org", {{"allow_imap", "false"}}});
  auto second = client->request(directory_, testing::patience,
                                change_user{"alice@example.org", {{"allow_pop3", "false"}}});
  first.receive([](admin_answer& done) { EXPECT_TRUE(done.done); }, [](caf::error&) {});
  second.receive([](admin_answer& done) { EXPECT_TRUE(done.done); }, [](caf::error&) {});
  EXPECT_EQ(ask<user_list>(directory_, list_users{"example.org", "", 100}).users.at(0).settings.size(), 2u);
}

TEST_F(Directory, ListsUsersAndAliasesPageByPage) {
  must(create_domain{"example.org"});
  for (const auto* name : {"carol", "alice", "bob"}) add_user(std::string(name) + "@example.org");
  for (const auto* name : {"z", "y"})
    must(put_alias{std::string(name) + "@example.org", {"bob@example.org"}});
  const auto first = ask<user_list>(directory_, list_users{"example.org", "", 2});
  ASSERT_EQ(first.users.size(), 2u);
  EXPECT_EQ(first.users[0].local_part, "alice");
  const auto rest = ask<user_list>(directory_, list_users{"example.org", "carol", 2});
  ASSERT_EQ(rest.users.size(), 1u);
  EXPECT_EQ(ask<alias_list>(directory_, list_aliases{"example.org", "", 1}).aliases.at(0).local_part, "y");
  EXPECT_EQ(ask<user_list>(directory_, list_users{"other.example", "", 100}).sentence,
            "There is no domain other.example.");
  EXPECT_EQ(ask<alias_list>(directory_, list_aliases{"other.example", "", 100}).sentence,
            "There is no domain other.example.");
}

TEST_F(Directory, KeepsAdministratorsApartFromUsers) {
  must(create_user{"root", "secret", storage::account_role::system_admin});
  EXPECT_EQ(ask<user_list>(directory_, list_users{"", "", 100}).users.at(0).local_part, "root");
  EXPECT_EQ(refusal(create_user{"Root", "x", storage::account_role::system_admin}), "Root is there already.");
  must(delete_user{"root"});
  EXPECT_TRUE(ask<user_list>(directory_, list_users{"", "", 100}).users.empty());
}

TEST_F(Directory, RefusesAliasesThatCannotBe) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  EXPECT_EQ(refusal(put_alias{"alice@example.org", {"x@y.example"}}), "alice@example.org is a user.");
  EXPECT_EQ(refusal(put_alias{"sales@example.org", {"no address"}}), "\"no address\" is not an address.");
  EXPECT_EQ(refusal(put_alias{"sales", {"x@y.example"}}), "\"sales\" is not an address.");
  EXPECT_EQ(refusal(put_alias{"sales@other.example", {"x@y.example"}}), "There is no domain other.example.");
  EXPECT_EQ(refusal(put_alias{"sales@example.org", {}}), "There is no alias sales@example.org.");
}

TEST_F(Directory, ChangesServerSettingsAtOnceAndForGood) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  EXPECT_EQ(find("alice-x@example.org").kind, address_kind::unknown);
  must(change_settings{{{"smtp_in.plus_separator", "-"}}});
  EXPECT_EQ(settings_->get()->smtp_in.plus_separator, "-");
  EXPECT_EQ(find("alice-x@example.org").kind, address_kind::account);
  EXPECT_EQ(storage::read_settings(*store_, storage::reach::disk)->at("smtp_in.plus_separator"), "-");
}

TEST_F(Directory, ActsOnNewServerSettingsHoweverTheyCome) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  EXPECT_EQ(find("alice-x@example.org").kind, address_kind::unknown);
  auto changed = *settings_->get();
  changed.smtp_in.plus_separator = "-";
  settings_->set(changed); // as a reload does
  EXPECT_EQ(find("alice-x@example.org").target.folder, "x");
  EXPECT_EQ(find("alice+x@example.org").kind, address_kind::unknown);
}

TEST_F(Directory, ChangesADomainByAnyOfItsNames) {
  must(create_domain{"example.org"});
  add_user("alice@example.org");
  must(change_domain{"example.org", {}, {"example.net"}, {}});
  EXPECT_EQ(find("alice@example.org").kind, address_kind::account);
  set_domain("example.net", {{"disabled", "true"}});
  EXPECT_EQ(find("alice@example.org").kind, address_kind::disabled);
  EXPECT_EQ(refusal(change_domain{"example.org", {}, {"one.example", "ONE.example"}, {"example.net"}}),
            "The domain one.example is there already.");
}

/// Finds that are under way while something changes: the readers are held up, so that those who ask first
/// wait.
class DirectoryUnderWay : public testing::directory_fixture {
protected:
  DirectoryUnderWay() {
    must(create_domain{"example.org"});
    for (const auto* name : {"alice", "bob"}) add_user(std::string(name) + "@example.org");
    auto busy = offload::make_work([wait = go_.get_future().share()] { wait.wait(); });
    blocked_.emplace(client_->request(readers_, testing::patience, offload::run_work{busy}));
  }
  ~DirectoryUnderWay() override { release(); }
  void release() {
    if (!blocked_) return;
    go_.set_value();
    blocked_->receive([](offload::work_done) {}, [](caf::error&) {});
    blocked_.reset();
  }
  void ask_for(const std::string& address, int times) {
    for (int i = 0; i < times; ++i)
      asked_.push_back(client_->request(directory_, testing::patience, find_address{address}));
  }
  std::map<address_kind, int> answers() {
    std::map<address_kind, int> kinds;
    for (auto& each : asked_)
      each.receive([&](address_found& found) { ++kinds[found.kind]; },
                   [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
    asked_.clear();
    return kinds;
  }

  caf::scoped_actor client_{*system_};
  std::promise<void> go_;
  using work_answer = decltype(client_->request(readers_, testing::patience, offload::run_work{}));
  using find_answer = decltype(client_->request(directory_, testing::patience, find_address{}));
  std::optional<work_answer> blocked_;
  std::vector<find_answer> asked_;
};

TEST_F(DirectoryUnderWay, AnswersEverybodyWhileTheDomainChanges) {
  for (int round = 0; round < 10; ++round) {
    ask_for("alice@example.org", 50);
    set_domain("example.org", {{"max_users", std::to_string(100 + round)}});
    ask_for("bob@example.org", 50);
    must(put_alias{"sales@example.org", {"alice@example.org"}});
    must(change_user{"alice@example.org", {{"allow_imap", round % 2 == 0 ? "true" : "false"}}});
  }
  must(change_domain{"example.org", {}, {"example.net"}, {}});
  ask_for("alice@example.net", 50);
  must(change_domain{"example.org", {}, {}, {"example.net"}});
  EXPECT_EQ(answers(), (std::map<address_kind, int>{{address_kind::account, 1050}}));
}

TEST_F(DirectoryUnderWay, AnswersEverybodyWhileTheDomainGoes) {
  ask_for("alice@example.org", 100);
  must(delete_user{"alice@example.org"});
  must(delete_user{"bob@example.org"});
  must(delete_domain{"example.org"});
  EXPECT_EQ(answers(), (std::map<address_kind, int>{{address_kind::account, 100}}));
  EXPECT_EQ(find("alice@example.org").kind, address_kind::elsewhere);
}

TEST_F(DirectoryUnderWay, AnswersWithoutTheSumOfTheDomainWhenItTakesTooLong) {
  ask_for("alice@example.org", 3);
  EXPECT_EQ(answers(),
            (std::map<address_kind, int>{{address_kind::account, 3}})); // the readers are still held up
}

} // namespace
} // namespace stagepost::domain
