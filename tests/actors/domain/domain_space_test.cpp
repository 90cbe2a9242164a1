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
  void set_space(const std::string& megabytes) {
    must(change_domain{"example.org", {{"disk_space_mb", megabytes}}, {}, {}});
  }
};

TEST_F(DomainSpace, TakesNoMailForAnybodyWhenAllOfItIsUsed) {
  auto what = message(0, {"alice@example.org"});
  what.size_bytes = 2u << 20;
  accept(0, what);
  await_deliveries();
  ASSERT_EQ(messages_of("alice@example.org"), 1u);
  set_space("1"); // DOM-55
  EXPECT_TRUE(eventually([&] { return find("alice@example.org").kind == address_kind::domain_full; }));
  EXPECT_EQ(find("bob@example.org").kind, address_kind::domain_full); // it is the domain's, not hers
  EXPECT_EQ(find("nobody@example.org").kind, address_kind::unknown);
  set_space("5");
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
  set_space("0"); // unlimited
  EXPECT_EQ(find("bob@example.org").kind, address_kind::account);
}

} // namespace
} // namespace stagepost::domain
