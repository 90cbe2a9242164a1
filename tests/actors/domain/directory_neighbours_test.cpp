#include "actors/domain/directory.hpp"
#include "tests/support/directory_fixture.hpp"

#include <algorithm>

namespace stagepost::domain {
namespace {

class Neighbours : public testing::directory_fixture {
protected:
  Neighbours() {
    must(create_domain{"example.org"});
    must(create_domain{"other.example"});
    add_user("alice@example.org");
    add_user("eve@other.example");
    home_ = find("alice@example.org").domain;
    alice_ = find("alice@example.org").target.account;
    eve_ = find("eve@other.example").target.account;
  }

  address_kind member(const std::string& local_part) {
    return ask<address_found>(directory_, find_member{home_, local_part}).kind;
  }
  neighbours_found neighbours(std::vector<account_id> accounts) {
    return ask<neighbours_found>(directory_, find_neighbours{home_, std::move(accounts)});
  }

  domain_id home_;
  account_id alice_, eve_;
};

TEST_F(Neighbours, AreUsersOfTheDomainByTheirOwnNamesOnly) {
  must(put_alias{"sales@example.org", {"alice@example.org"}});
  set_domain("example.org", {{"catch_all", "true"}, {"catch_all_target", "alice@example.org"}});
  EXPECT_EQ(member("alice"), address_kind::account);
  for (const char* nobody : {"sales", "alice+box", "postmaster", "eve", ""})
    EXPECT_EQ(member(nobody), address_kind::unknown) << nobody;
  must(change_user{"alice@example.org", {{"disabled", "true"}}});
  EXPECT_EQ(member("alice"), address_kind::account) << "his folders are there";
  must(delete_user{"alice@example.org"});
  EXPECT_EQ(member("alice"), address_kind::unknown);
}

TEST_F(Neighbours, AreNamedInTheOrderAskedFor) {
  const auto found = neighbours({eve_, alice_, account_id{}, account_id{99}});
  ASSERT_TRUE(found.done);
  ASSERT_EQ(found.neighbours.size(), 4u);
  EXPECT_FALSE(found.neighbours[0].target.account) << "of another domain";
  EXPECT_EQ(found.neighbours[1].target.address, "alice@example.org");
  EXPECT_EQ(found.neighbours[1].local_part, "alice");
  EXPECT_FALSE(found.neighbours[2].target.account);
  EXPECT_FALSE(found.neighbours[3].target.account);
  EXPECT_FALSE(found.public_folders.account);
}

TEST_F(Neighbours, HavePublicFoldersThatNobodyCanLogInToOrWriteTo) {
  const auto made = ask<public_folders_made>(directory_, make_public_folders{"Example.org"});
  ASSERT_TRUE(made.done) << made.sentence;
  EXPECT_EQ(made.domain, home_);
  reopen();
  EXPECT_EQ(neighbours({}).public_folders.account, made.target.account);
  const auto again = ask<public_folders_made>(directory_, make_public_folders{"example.org"});
  EXPECT_EQ(again.target.account, made.target.account) << "made once";
  EXPECT_EQ(ask<user_list>(directory_, list_users{"example.org", {}, 1000}).users.size(), 1u);
  EXPECT_EQ(member(""), address_kind::unknown);
  EXPECT_NE(find("\"\"@example.org").kind, address_kind::account);
  EXPECT_FALSE(ask<public_folders_made>(directory_, make_public_folders{"nowhere.example"}).done);
}

TEST_F(Neighbours, LeaveNoPublicFoldersBehindWithTheirDomain) {
  const auto made = ask<public_folders_made>(directory_, make_public_folders{"example.org"});
  must(delete_user{"alice@example.org"});
  must(delete_domain{"example.org"});
  const auto departed = storage::read_departed(*store_, 10, storage::reach::disk);
  ASSERT_TRUE(departed);
  EXPECT_TRUE(std::any_of(departed->begin(), departed->end(), [&](const auto& each) {
    return each.id == made.target.account;
  })) << "to be erased";
  EXPECT_FALSE(storage::read_account(*store_, made.target.account, storage::reach::disk));
}

} // namespace
} // namespace stagepost::domain
