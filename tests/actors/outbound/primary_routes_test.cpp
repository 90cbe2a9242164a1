#include "actors/outbound/primary_routes.hpp"

#include "tests/support/actor_fixture.hpp"

#include <atomic>

namespace stagepost::outbound {
namespace {

struct doubles {
  std::atomic<size_t> asked_beyond = 0;
  route beyond;
  gateway::gateway_found found;
};
using doubles_ptr = std::shared_ptr<doubles>;

router_actor::behavior_type router_beyond(router_actor::pointer, doubles_ptr with) {
  return {
      [](const explain_route&) { return route_explained{{"by the DNS"}}; },
      [with](const find_route&) {
        ++with->asked_beyond;
        return with->beyond;
      },
      [](const find_gateway& what) {
        route found;
        found.reason = "gateway " + std::to_string(what.number);
        return found;
      },
  };
}

gateway::entry_actor::behavior_type knowing_entry(gateway::entry_actor::pointer, doubles_ptr with) {
  return {
      [](const gateway::may_come_in&) { return gateway::entry_answer{}; },
      [with](const gateway::find_gateway&) { return with->found; },
  };
}

class PrimaryRoutes : public testing::actor_fixture {
protected:
  PrimaryRoutes() {
    one_.name = "branch";
    one_.settings.addresses = {*conf::parse_network("192.0.2.8-192.0.2.9")};
    one_.settings.domains = {"branch.test"};
    one_.settings.port = 2525;
    with_->beyond.reason = "by the DNS";
    beyond_ = system_->spawn(router_beyond, with_);
    entry_ = system_->spawn(knowing_entry, with_);
  }
  ~PrimaryRoutes() override {
    if (router_) end(std::exchange(router_, nullptr));
    end(std::exchange(beyond_, nullptr));
    end(std::exchange(entry_, nullptr));
  }

  void start(conf::outbound_scope scope = conf::outbound_scope::all) {
    gateways_->set({{}, {one_}});
    router_ = system_->spawn(primary_router, beyond_, entry_, gateways_, settings_, scope);
  }
  route find(const std::string& destination) { return ask<route>(router_, find_route{destination}); }

  doubles_ptr with_ = std::make_shared<doubles>();
  live_gateways_ptr gateways_ = std::make_shared<live_gateways>();
  live_settings_ptr settings_ = std::make_shared<live_settings>(conf::system_settings{});
  incoming_gateway one_;
  router_actor beyond_, router_;
  gateway::entry_actor entry_;
};

TEST_F(PrimaryRoutes, LeadToThePrimaryInsteadOfTheHostsOfTheDns) {
  start();
  const auto found = find("Branch.test");
  ASSERT_EQ(found.hops.size(), 2u);
  EXPECT_EQ(found.hops[0].address, "192.0.2.8");
  EXPECT_EQ(found.hops[0].port, 2525);
  EXPECT_EQ(found.hops[0].tls, smtp_client::tls_policy::opportunistic);
  EXPECT_EQ(found.hops[1].address, "192.0.2.9");
  EXPECT_EQ(found.gateway, "branch");
  EXPECT_EQ(found.retry_intervals, one_.settings.retry_intervals);
  EXPECT_EQ(with_->asked_beyond, 0u);
  EXPECT_EQ(find("elsewhere.test").reason, "by the DNS");
  const auto told = ask<route_explained>(router_, explain_route{"branch.test"});
  ASSERT_EQ(told.lines.size(), 2u);
  EXPECT_EQ(told.lines[0], "the primary mail server of incoming gateway branch leads to 192.0.2.8:2525; TLS "
                           "opportunistic");
  EXPECT_EQ(ask<route_explained>(router_, explain_route{"elsewhere.test"}).lines[0], "by the DNS");
}

TEST_F(PrimaryRoutes, LeaveTheWayThroughOutgoingGatewaysToTheRouter) {
  start();
  EXPECT_EQ(ask<route>(router_, find_gateway{7}).reason, "gateway 7");
}

TEST_F(PrimaryRoutes, LeadNowhereWhereThisNodeSendsNothing) {
  start(conf::outbound_scope::none);
  EXPECT_TRUE(find("branch.test").hops.empty());
  EXPECT_EQ(with_->asked_beyond, 1u);
}

TEST_F(PrimaryRoutes, HoldForDomainsThatOthersHadToBeAskedFor) {
  one_.settings.domain_verification = conf::domain_verification::mx;
  start();
  with_->found = {gateway::belonging::known, "branch"};
  EXPECT_EQ(find("one.test").gateway, "branch");
  with_->found = {gateway::belonging::none, {}};
  EXPECT_EQ(find("elsewhere.test").reason, "by the DNS");
}

TEST_F(PrimaryRoutes, KeepMailThatTheDnsSendsBackToUsWhileNobodyCanBeAsked) {
  one_.settings.domain_verification = conf::domain_verification::web_service;
  start();
  with_->found = {gateway::belonging::unsure, {}};
  EXPECT_FALSE(find("elsewhere.test").failed); // whoever the DNS names has it, unsure or not
  with_->beyond.failed = smtp_client::outcome_of(smtp_client::lookup_failure::leads_to_us, "one.test");
  ASSERT_EQ(with_->beyond.failed->fate, smtp_client::fate::permanent);
  const auto kept = find("one.test");
  ASSERT_TRUE(kept.failed);
  EXPECT_EQ(kept.failed->fate, smtp_client::fate::temporary);
  EXPECT_TRUE(kept.failed->is_ours);
  with_->found = {gateway::belonging::none, {}};
  EXPECT_EQ(find("one.test").failed->fate, smtp_client::fate::permanent);
}

TEST(LongestWait, IsThatOfThePrimariesWhereItIsLonger) {
  conf::spool_settings settings;
  settings.retry_intervals = {std::chrono::minutes(15), std::chrono::minutes(90)};
  EXPECT_EQ(longest_wait(settings, {}), std::chrono::minutes(90));
  incoming_gateway one;
  one.settings.addresses = {*conf::parse_network("192.0.2.1")};
  EXPECT_EQ(longest_wait(settings, incoming_gateways({one})), std::chrono::minutes(1440));
}

} // namespace
} // namespace stagepost::outbound
