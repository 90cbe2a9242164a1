#include "actors/gateway/entry.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/smtp_double.hpp"

#include <map>
#include <mutex>

namespace stagepost::gateway {
namespace {

using conf::domain_verification;
using conf::gateway_mode;
using conf::user_verification;

/// What the doubles answer with, and what they were asked.
struct journal {
  std::mutex mutex;
  std::map<std::string, dns::answer> zone; ///< "MX branch.test"
  std::map<std::string, web::fetched> pages;
  std::vector<web::fetch> fetched;
  size_t looked_up = 0;
};
using journal_ptr = std::shared_ptr<journal>;

resolver::resolver_actor::behavior_type known_zone(resolver::resolver_actor::pointer, journal_ptr notes) {
  return {
      [notes](const resolver::look_up& asked) {
        std::lock_guard lock(notes->mutex);
        ++notes->looked_up;
        const auto at = notes->zone.find(dns::to_string(asked.what));
        if (at != notes->zone.end()) return resolver::looked_up{at->second, false};
        dns::answer none;
        none.outcome = dns::outcome::no_data;
        return resolver::looked_up{none, false};
      },
      [](const resolver::plan_route&) { return resolver::route_planned{}; },
      [](atom::status) { return resolver::resolver_status{}; },
  };
}

web::fetcher_actor::behavior_type known_pages(web::fetcher_actor::pointer, journal_ptr notes) {
  return {
      [notes](const web::fetch& asked) {
        std::lock_guard lock(notes->mutex);
        notes->fetched.push_back(asked);
        const auto at = notes->pages.find(asked.url);
        web::fetched none;
        none.failure = "nobody is there";
        return at == notes->pages.end() ? none : at->second;
      },
  };
}

dns::answer found() {
  dns::answer made;
  made.outcome = dns::outcome::found;
  return made;
}

class Entry : public testing::actor_fixture {
protected:
  Entry() {
    resolver_ = system_->spawn(known_zone, notes_);
    fetcher_ = system_->spawn(known_pages, notes_);
    auto probes = std::make_shared<probe_setup>();
    probes->settings = std::make_shared<live_settings>(conf::system_settings{});
    probes->host_name = "gateway.test";
    probes->tls = std::make_shared<const net::client_tls>();
    entry_services with{gateways_, resolver_, fetcher_, probes, {}};
    with.ours.own_names = {"gateway.test"};
    entry_ = system_->spawn(entry, with);
    one_.name = "branch";
    one_.server_password = "secret";
    one_.settings.addresses = {*conf::parse_network("127.0.0.1")};
    one_.settings.domains = {"branch.test"};
  }
  ~Entry() override {
    end(std::exchange(entry_, nullptr));
    end(std::exchange(fetcher_, nullptr));
    end(std::exchange(resolver_, nullptr));
  }

  void use_gateway() { gateways_->set({{}, {one_}}); }
  void use_peer() {
    one_.settings.peer_mode = true;
    one_.settings.server_url = "http://primary.test";
    one_.settings.server_user = "us";
  }
  void page(const std::string& url, const std::string& body, int status = 200) {
    std::lock_guard lock(notes_->mutex);
    web::fetched said;
    said.status = status;
    said.body = body;
    notes_->pages[url] = said;
  }
  size_t fetches() {
    std::lock_guard lock(notes_->mutex);
    return notes_->fetched.size();
  }
  entry_verdict verdict(const std::string& address) {
    return ask<entry_answer>(entry_, may_come_in{address}).verdict;
  }
  gateway_found whose(const std::string& domain) { return ask<gateway_found>(entry_, find_gateway{domain}); }

  journal_ptr notes_ = std::make_shared<journal>();
  live_gateways_ptr gateways_ = std::make_shared<live_gateways>();
  resolver::resolver_actor resolver_;
  web::fetcher_actor fetcher_;
  working_entry_actor entry_;
  incoming_gateway one_;
};

TEST_F(Entry, TakesNoMailForDomainsOfNoGateway) {
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::no_gateway);
  use_gateway();
  EXPECT_EQ(verdict("user@elsewhere.test"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("user@sub.branch.test"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("user@[127.0.0.1]"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("postmaster"), entry_verdict::no_gateway);
  one_.settings.enabled = false;
  use_gateway();
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::no_gateway);
}

TEST_F(Entry, TakesMailForEveryUserOfAListedDomainWhereNobodyVerifies) {
  use_gateway();
  EXPECT_EQ(verdict("user@BRANCH.test"), entry_verdict::accepted);
  EXPECT_EQ(whose("Branch.test").gateway, "branch");
  EXPECT_EQ(whose("elsewhere.test").how, belonging::none);
}

TEST_F(Entry, AsksThePrimaryByWebServiceForUsersOnce) {
  use_peer();
  one_.settings.user_verification = user_verification::web_service;
  one_.settings.mode = gateway_mode::domain_forwarding;
  use_gateway();
  const std::string call = "http://primary.test/api/v1/gateway/users?domain=branch.test&address=";
  page(call + "user%40branch.test", R"({"valid": true})");
  page(call + "nobody%40branch.test", R"({"valid": false})");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
    EXPECT_EQ(verdict("nobody@branch.test"), entry_verdict::unknown_user);
  }
  EXPECT_EQ(fetches(), 2u);
  EXPECT_EQ(notes_->fetched[0].user, "us");
  EXPECT_EQ(notes_->fetched[0].password, "secret");
}

TEST_F(Entry, HasSendersTryLaterWhileAForwardingGatewayCannotAsk) {
  use_peer();
  one_.settings.user_verification = user_verification::web_service;
  one_.settings.mode = gateway_mode::domain_forwarding;
  use_gateway();
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(verdict("other@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(fetches(), 1u); // the silence is remembered
}

TEST_F(Entry, TakesAnswersOfOtherKindsForNone) {
  use_peer();
  one_.settings.user_verification = user_verification::web_service;
  one_.settings.mode = gateway_mode::domain_forwarding;
  use_gateway();
  const std::string call = "http://primary.test/api/v1/gateway/users?domain=branch.test&address=";
  page(call + "a%40branch.test", R"({"valid": true})", 401);
  page(call + "b%40branch.test", "<html>welcome</html>");
  page(call + "c%40branch.test", R"({"valid": true})");
  EXPECT_EQ(verdict("a@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(verdict("b@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(verdict("c@branch.test"), entry_verdict::accepted); // it is not silent
}

TEST_F(Entry, TakesMailAsABackupWhenThePrimaryCannotBeAsked) {
  use_peer();
  one_.settings.user_verification = user_verification::web_service;
  use_gateway();
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
  EXPECT_EQ(verdict("user@elsewhere.test"), entry_verdict::no_gateway);
}

TEST_F(Entry, AsksThePrimaryByWebServiceForDomains) {
  use_peer();
  one_.settings.domain_verification = domain_verification::web_service;
  use_gateway();
  const std::string call = "http://primary.test/api/v1/gateway/domains?domain=";
  page(call + "one.test", R"({"valid": true})");
  page(call + "other.test", R"({"valid": false})");
  EXPECT_EQ(verdict("user@one.test"), entry_verdict::accepted);
  EXPECT_EQ(verdict("user@other.test"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::try_later); // its list is not asked for
  EXPECT_EQ(whose("one.test").gateway, "branch");
  EXPECT_EQ(whose("branch.test").how, belonging::unsure);
}

TEST_F(Entry, FindsByTheDnsWhichDomainsItIsABackupFor) {
  one_.settings.domain_verification = domain_verification::mx;
  use_gateway();
  auto exchanges = found();
  exchanges.exchanges = {{10, "mail.one.test"}, {20, "gateway.test"}};
  notes_->zone["MX one.test"] = exchanges;
  auto host = found();
  host.addresses = {*mailauth::parse_client_address("127.0.0.1")};
  notes_->zone["A mail.one.test"] = host;
  exchanges.exchanges = {{10, "mail.evil.test"}, {20, "gateway.test"}};
  notes_->zone["MX evil.test"] = exchanges;
  notes_->zone["MX failing.test"] = dns::answer{};
  EXPECT_EQ(verdict("user@one.test"), entry_verdict::accepted);
  EXPECT_EQ(verdict("user@evil.test"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("user@without.test"), entry_verdict::no_gateway);
  EXPECT_EQ(verdict("user@failing.test"), entry_verdict::try_later);
  const auto before = notes_->looked_up;
  EXPECT_EQ(verdict("other@one.test"), entry_verdict::accepted);
  EXPECT_EQ(notes_->looked_up, before);
}

TEST_F(Entry, ForgetsWhatItKnewWhenTheGatewaysChange) {
  use_peer();
  one_.settings.user_verification = user_verification::web_service;
  use_gateway();
  const auto call = "http://primary.test/api/v1/gateway/users?domain=branch.test&address=user%40branch.test";
  page(call, R"({"valid": false})");
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::unknown_user);
  page(call, R"({"valid": true})");
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::unknown_user);
  use_gateway();
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
}

/// With a mail server to probe.
class EntryProbe : public Entry {
protected:
  EntryProbe() {
    one_.settings.user_verification = user_verification::probe;
    one_.settings.port = primary_.port();
  }

  testing::smtp_double primary_{[](const std::string& line) -> std::string {
    if (line.find("<nobody@") != line.npos) return "550 5.1.1 no such user\r\n";
    if (line.find("<full@") != line.npos) return "452 4.2.2 full\r\n";
    if (line.find("<policy@") != line.npos) return "550 5.7.1 you may not\r\n";
    if (line == "QUIT") return "221 bye\r\n";
    return {};
  }};
};

TEST_F(EntryProbe, AsksThePrimaryForEachRecipientOnceAndSendsNothing) {
  use_gateway();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
    EXPECT_EQ(verdict("nobody@branch.test"), entry_verdict::unknown_user);
  }
  EXPECT_TRUE(eventually([&] { return primary_.lines().size() == 8; }));
  EXPECT_EQ(primary_.connections(), 2u);
  const auto said = primary_.lines();
  EXPECT_EQ(said[0], "EHLO gateway.test");
  EXPECT_EQ(said[1], "MAIL FROM:<>");
  EXPECT_EQ(said[2], "RCPT TO:<user@branch.test>");
  EXPECT_EQ(said[3], "QUIT");
}

TEST_F(EntryProbe, LeavesToTheSenderWhatThePrimaryDoesNotDecide) {
  one_.settings.mode = gateway_mode::domain_forwarding;
  use_gateway();
  EXPECT_EQ(verdict("full@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(verdict("policy@branch.test"), entry_verdict::try_later);
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
}

TEST_F(EntryProbe, KnowsAsABackupWhomThePrimaryRefusedBeforeItWentAway) {
  use_gateway();
  EXPECT_EQ(verdict("nobody@branch.test"), entry_verdict::unknown_user);
  primary_.stop();
  EXPECT_EQ(verdict("nobody@branch.test"), entry_verdict::unknown_user);
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::accepted);
}

TEST_F(EntryProbe, HasSendersTryLaterWhileThePrimaryOfAForwardingGatewayIsAway) {
  one_.settings.mode = gateway_mode::domain_forwarding;
  primary_.stop();
  use_gateway();
  EXPECT_EQ(verdict("user@branch.test"), entry_verdict::try_later);
}

} // namespace
} // namespace stagepost::gateway
