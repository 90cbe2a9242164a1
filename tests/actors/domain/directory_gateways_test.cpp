#include "actors/domain/directory.hpp"
#include "actors/domain/gateway_reader.hpp"

#include "tests/support/directory_fixture.hpp"

namespace stagepost::domain {
namespace {

constexpr auto outgoing = storage::gateway_kind::outgoing;
constexpr auto incoming = storage::gateway_kind::incoming;

class DirectoryOfGateways : public testing::directory_fixture {
protected:
  gateway_list all(std::string name = {}) {
    return ask<gateway_list>(directory_, list_gateways{std::move(name)});
  }
};

TEST_F(DirectoryOfGateways, MakesGatewaysThatHoldAtOnceAndStay) {
  must(create_gateway{
      outgoing, "lists", {{"address", "192.0.2.1"}, {"user", "us"}, {"priority_to", "1"}}, {"pass", "word"}});
  must(create_gateway{incoming, "branch", {{"addresses", "192.0.2.9"}, {"domains", "example.org"}}, {}});
  const auto check = [](const gateway_set& now) {
    ASSERT_EQ(now.outgoing.size(), 1u);
    const auto& lists = now.outgoing[0];
    EXPECT_EQ(lists.name, "lists");
    EXPECT_EQ(lists.settings.address, "192.0.2.1");
    EXPECT_EQ(lists.settings.priority_to, 1u);
    EXPECT_EQ(lists.password, "pass");
    EXPECT_EQ(lists.server_password, "word");
    ASSERT_EQ(now.incoming.size(), 1u);
    EXPECT_EQ(now.incoming[0].name, "branch");
    EXPECT_EQ(now.incoming[0].settings.domains, std::vector<std::string>{"example.org"});
  };
  check(*gateways_->get());
  reopen();
  const auto read = load_gateways(*store_, secrets_.get());
  ASSERT_TRUE(read);
  check(*read);
}

TEST_F(DirectoryOfGateways, ShowsNoPasswords) {
  must(create_gateway{outgoing, "lists", {{"address", "192.0.2.1"}}, {"secret-one", std::nullopt}});
  const auto found = all("LISTS");
  ASSERT_EQ(found.gateways.size(), 1u);
  EXPECT_TRUE(found.gateways[0].has_password);
  EXPECT_FALSE(found.gateways[0].has_server_password);
  EXPECT_TRUE(found.gateways[0].gateway.sealed_password.empty());
  const auto stored = storage::read_gateways(*store_, storage::reach::disk);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->front().sealed_password.find("secret-one"), std::string::npos);
}

TEST_F(DirectoryOfGateways, ChangesOnlyWhatItIsTold) {
  must(create_gateway{outgoing, "lists", {{"address", "192.0.2.1"}}, {"pass", "word"}});
  must(change_gateway{"lists", {{"port", "587"}}, {}});
  const auto* now = &gateways_->get()->outgoing.at(0);
  EXPECT_EQ(now->settings.port, 587u);
  EXPECT_EQ(now->settings.address, "192.0.2.1");
  EXPECT_EQ(now->password, "pass");
  must(change_gateway{"lists", {}, {"", std::nullopt}});
  now = &gateways_->get()->outgoing.at(0);
  EXPECT_EQ(now->password, "");
  EXPECT_EQ(now->server_password, "word");
  must(delete_gateway{"Lists"});
  EXPECT_TRUE(gateways_->get()->outgoing.empty());
  EXPECT_TRUE(all().gateways.empty());
}

TEST_F(DirectoryOfGateways, RefusesWhatCannotBe) {
  EXPECT_EQ(refusal(create_gateway{outgoing, "lists", {}, {}}),
            "address: A gateway that mail goes through needs an address.");
  EXPECT_EQ(refusal(create_gateway{incoming, "branch", {}, {}}),
            "addresses: A gateway needs an address of the primary mail server.");
  EXPECT_NE(refusal(create_gateway{outgoing, "two words", {{"address", "192.0.2.1"}}, {}}).find("is no name"),
            std::string::npos);
  must(create_gateway{outgoing, "lists", {{"address", "192.0.2.1"}}, {}});
  EXPECT_EQ(refusal(create_gateway{outgoing, "Lists", {{"address", "192.0.2.1"}}, {}}),
            "The gateway Lists is there already.");
  EXPECT_EQ(refusal(change_gateway{"lists", {{"priority_from", "9"}, {"priority_to", "3"}}, {}}),
            "priority_from: priority_from must not be above priority_to.");
  EXPECT_EQ(refusal(change_gateway{"lists", {{"peer_mode", "true"}}, {}}),
            "server_url: Peer mode needs the web address of the other server.");
  EXPECT_EQ(refusal(change_gateway{"lists", {}, {"two\nlines", std::nullopt}}),
            "A password is one line of at most 1000 octets.");
  EXPECT_NE(refusal(change_gateway{"lists", {{"bananas", "1"}}, {}}).find("bananas"), std::string::npos);
  EXPECT_EQ(refusal(change_gateway{"other", {}, {}}), "There is no gateway other.");
  EXPECT_EQ(refusal(delete_gateway{"other"}), "There is no gateway other.");
  EXPECT_EQ(all("other").sentence, "There is no gateway other.");
  EXPECT_EQ(gateways_->get()->outgoing.at(0).settings.priority_to, 10u); // nothing of it holds
  must(create_gateway{incoming, "branch", {{"addresses", "192.0.2.9"}}, {}});
  EXPECT_NE(refusal(change_gateway{"branch", {}, {"pass", std::nullopt}}).find("Nobody logs in"),
            std::string::npos);
  EXPECT_NE(refusal(change_gateway{"branch", {{"user_verification", "web_service"}}, {}}).find("peer mode"),
            std::string::npos);
}

TEST_F(DirectoryOfGateways, DoesWithoutAPasswordThatDoesNotOpen) {
  must(create_gateway{outgoing, "lists", {{"address", "192.0.2.1"}}, {"pass", std::nullopt}});
  const storage::secret_key other(std::array<unsigned char, storage::secret_key::size_bytes>{2});
  const auto read = load_gateways(*store_, &other);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->outgoing.size(), 1u);
  EXPECT_EQ(read->outgoing[0].password, "");
}

} // namespace
} // namespace stagepost::domain
