#include "storage/directory.hpp"

#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

class Directory : public store_fixture {
protected:
  Directory() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    open_store(store_kind::system);
  }
};

account_record account(uint64_t id, std::string local_part) {
  return {account_id{id}, domain_id{1}, std::move(local_part), account_role::user, 0, {}, {}};
}

TEST_F(Directory, FindsADomainByItsNames) {
  const domain_record before{domain_id{1}, "example.org", {"example.net"}, {{"quota", "1"}}, {}};
  batch b(*store_);
  put_domain(b, before, std::nullopt);
  must_commit(b);
  EXPECT_EQ(find_domain(*store_, "example.org", reach::disk)->id, domain_id{1});
  EXPECT_EQ(find_domain(*store_, "example.net", reach::disk)->name, "example.org");

  const domain_record after{domain_id{1}, "example.com", {"example.org"}, {{"quota", "2"}}, {}};
  batch change(*store_);
  put_domain(change, after, before);
  must_commit(change);
  EXPECT_FALSE(find_domain(*store_, "example.net", reach::disk));
  EXPECT_EQ(find_domain(*store_, "example.org", reach::disk)->settings.at("quota"), "2");
  EXPECT_EQ(read_domains(*store_, reach::disk)->size(), 1u);

  batch gone(*store_);
  delete_domain(gone, after);
  must_commit(gone);
  EXPECT_EQ(find_domain(*store_, "example.com", reach::disk).error().code, errc::not_found);
  EXPECT_TRUE(read_domains(*store_, reach::disk)->empty());
}

TEST_F(Directory, ListsAccountsInOrderOfName) {
  batch b(*store_);
  put_account(b, account(3, "ann"));
  put_account(b, account(1, "carl"));
  put_account(b, account(2, "bob"));
  auto admin = account(9, "root");
  admin.domain = {};
  admin.role = account_role::system_admin;
  put_account(b, admin);
  must_commit(b);
  const auto some = read_accounts(*store_, domain_id{1}, "b", 10, reach::disk);
  ASSERT_TRUE(some);
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ((*some)[0].local_part, "bob");
  EXPECT_EQ((*some)[1].id, account_id{1});
  EXPECT_EQ(read_accounts(*store_, domain_id{1}, "", 1, reach::disk)->front().local_part, "ann");
  EXPECT_EQ(find_account(*store_, domain_id{}, "root", reach::disk)->role, account_role::system_admin);
  EXPECT_EQ(find_account(*store_, domain_id{1}, "bob", reach::disk)->id, account_id{2});
  EXPECT_EQ(find_account(*store_, domain_id{1}, "dora", reach::disk).error().code, errc::not_found);
}

TEST_F(Directory, DeletesAnAccountWithItsCredentials) {
  batch b(*store_);
  put_account(b, account(3, "ann"));
  credential_record credentials;
  credentials.passwords.push_back({"$argon2id$…", {}, {}, {}, {}, {}, ""});
  put_credentials(b, account_id{3}, credentials);
  must_commit(b);
  EXPECT_EQ(read_credentials(*store_, account_id{3}, reach::disk)->passwords.size(), 1u);
  batch gone(*store_);
  delete_account(gone, account(3, "ann"));
  must_commit(gone);
  EXPECT_FALSE(read_account(*store_, account_id{3}, reach::disk));
  EXPECT_FALSE(find_account(*store_, domain_id{1}, "ann", reach::disk));
  EXPECT_FALSE(read_credentials(*store_, account_id{3}, reach::disk));
}

TEST_F(Directory, KeepsAliasesSettingsAndSecrets) {
  batch b(*store_);
  put_alias(b, {domain_id{1}, "sales", {"ann@example.org", "bob@example.org"}});
  put_alias(b, {domain_id{1}, "info", {"ann@example.org"}});
  put_setting(b, "spool.retry", "5m");
  put_setting(b, "of.tomorrow", "?");
  put_secret(b, "gateway", bytes("\0\1", 2));
  must_commit(b);
  EXPECT_EQ(find_alias(*store_, domain_id{1}, "sales", reach::disk)->targets.size(), 2u);
  const auto aliases = read_aliases(*store_, domain_id{1}, "", 10, reach::disk);
  ASSERT_EQ(aliases->size(), 2u);
  EXPECT_EQ(aliases->front().local_part, "info");
  EXPECT_EQ(*read_settings(*store_, reach::disk), (setting_map{{"of.tomorrow", "?"}, {"spool.retry", "5m"}}));
  EXPECT_EQ(*read_secret(*store_, "gateway", reach::disk), bytes("\0\1", 2));
  batch gone(*store_);
  delete_alias(gone, domain_id{1}, "info");
  delete_setting(gone, "of.tomorrow");
  must_commit(gone);
  EXPECT_FALSE(find_alias(*store_, domain_id{1}, "info", reach::disk));
  EXPECT_EQ(read_settings(*store_, reach::disk)->size(), 1u);
}

TEST_F(Directory, GivesNumbersOnlyOnceOverPowerCuts) {
  const auto id = next_account(*store_);
  batch b(*store_);
  put_account(b, account(id.value, "ann"));
  must_commit(b);
  batch gone(*store_);
  delete_account(gone, account(id.value, "ann"));
  must_commit(gone);
  files_->cut();
  store_.reset();
  files_->power_on(1);
  open_store(store_kind::system);
  EXPECT_GT(next_account(*store_), id);
  EXPECT_EQ(next_domain(*store_), domain_id{1});
}

} // namespace
} // namespace stagepost::storage
