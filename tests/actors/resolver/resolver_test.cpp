#include "actors/resolver/resolver.hpp"

#include "protocols/mailauth/spf_check.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/name_server.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <fstream>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace stagepost::resolver {
namespace {

using dns::outcome;
using dns::record_type;
using dns::validation;

/// A socket of UDP on 127.0.0.1 that takes questions and answers nothing until `release`; then it passes all
/// on to the real server, and its answers back.
class holding_server {
public:
  explicit holding_server(const std::string& real = {}) {
    own_ = bound();
    if (!real.empty()) {
      upstream_ = bound();
      sockaddr_in to = loopback(uint16_t(std::stoi(real.substr(real.find('@') + 1))));
      ::connect(upstream_, reinterpret_cast<sockaddr*>(&to), sizeof to);
    }
    thread_ = std::thread([this] { run(); });
  }
  ~holding_server() {
    stop_ = true;
    thread_.join();
    ::close(own_);
    if (upstream_ >= 0) ::close(upstream_);
  }

  std::string server() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(own_, reinterpret_cast<sockaddr*>(&at), &size);
    return "127.0.0.1@" + std::to_string(ntohs(at.sin_port));
  }
  void release() { released_ = true; }

  /// How many questions for names that begin with this label came; repetitions of one (same id) count once.
  size_t asked(const std::string& label) {
    const auto wire = char(label.size()) + label;
    std::lock_guard lock(mutex_);
    std::set<std::string> ids;
    for (const auto& each : questions_)
      if (std::string_view(each.text).substr(12).starts_with(wire)) ids.insert(each.text.substr(0, 2));
    return ids.size();
  }

private:
  struct question {
    std::string text;
    sockaddr_in from;
  };

  static sockaddr_in loopback(uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
  }
  static int bound() {
    const int made = ::socket(AF_INET, SOCK_DGRAM, 0);
    auto at = loopback(0);
    ::bind(made, reinterpret_cast<sockaddr*>(&at), sizeof at);
    return made;
  }
  void run() {
    size_t passed_on = 0;
    std::array<char, 65536> buffer{};
    while (!stop_) {
      std::array<pollfd, 2> ready{pollfd{own_, POLLIN, 0}, pollfd{upstream_, POLLIN, 0}};
      ::poll(ready.data(), ready.size(), 5);
      if (ready[0].revents & POLLIN) {
        question came;
        socklen_t size = sizeof came.from;
        const auto got =
            ::recvfrom(own_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&came.from), &size);
        if (got > 12) {
          came.text.assign(buffer.data(), size_t(got));
          std::lock_guard lock(mutex_);
          questions_.push_back(std::move(came));
        }
      }
      if (upstream_ < 0 || !released_) continue;
      std::lock_guard lock(mutex_);
      for (; passed_on < questions_.size(); ++passed_on)
        ::send(upstream_, questions_[passed_on].text.data(), questions_[passed_on].text.size(), 0);
      if (!(ready[1].revents & POLLIN)) continue;
      const auto got = ::recv(upstream_, buffer.data(), buffer.size(), 0);
      for (const auto& each : questions_)
        if (got > 2 && each.text.compare(0, 2, buffer.data(), 2) == 0)
          ::sendto(own_, buffer.data(), size_t(got), 0, reinterpret_cast<const sockaddr*>(&each.from),
                   sizeof each.from);
    }
  }

  int own_ = -1;
  int upstream_ = -1;
  std::atomic<bool> stop_ = false, released_ = false;
  std::mutex mutex_;
  std::vector<question> questions_;
  std::thread thread_;
};

class Resolver : public testing::actor_fixture {
protected:
  /// One server for all tests: it never changes.
  static testing::name_server& zones() {
    static testing::name_server made;
    return made;
  }
  void SetUp() override {
    if (const auto& why = zones().problem(); why.starts_with("not installed"))
      GTEST_SKIP() << why;
    else
      ASSERT_EQ(why, "");
    settings_.resolver.servers = {zones().server()};
    settings_.resolver.trust_anchor_file = zones().anchor();
  }
  void TearDown() override {
    if (resolver_) end(resolver_);
    resolver_ = nullptr;
  }

  void start() {
    resolver_ = system_->spawn(resolver, std::make_shared<live_settings>(settings_), counters_);
  }
  looked_up look(record_type type, const std::string& name) {
    if (!resolver_) start();
    return ask<looked_up>(resolver_, look_up{{type, name}});
  }
  resolver_status status() { return ask<resolver_status>(resolver_, atom::status::value); }
  uint64_t count(metrics::counter which) const { return counters_->value(which); }

  conf::system_settings settings_;
  metrics::counters_ptr counters_ = std::make_shared<metrics::counters>();
  resolver_actor resolver_;
};

using lines = std::vector<std::string>;

TEST_F(Resolver, FindsRecordsOfAllTypesAndProvesThem) {
  const std::vector<std::tuple<record_type, std::string, lines>> expected{
      {record_type::a, "mail.example", {"127.0.0.1"}},
      {record_type::aaaa, "mail.example", {"::1"}},
      {record_type::mx, "example", {"10 mail.example", "20 backup.example"}},
      {record_type::txt, "example", {"\"v=spf1 mx -all\""}},
      {record_type::mx, "silent.example", {"0 ."}},
      {record_type::cname, "one.example", {"two.example"}},
      {record_type::tlsa,
       "_25._tcp.mail.example",
       {"3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}};
  for (const auto& [type, name, records] : expected) {
    const auto said = look(type, name).said;
    SCOPED_TRACE(dns::to_string({type, name}) + " " + said.problem);
    EXPECT_EQ(said.outcome, outcome::found);
    EXPECT_EQ(said.validation, validation::secure);
    EXPECT_EQ(said.canonical_name, name);
    auto got = dns::record_lines(said);
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, records);
    EXPECT_GT(said.ttl.count(), 0);
    EXPECT_LE(said.ttl.count(), 300);
  }
}

TEST_F(Resolver, TakesNamesInAnySpelling) {
  EXPECT_EQ(look(record_type::a, "MAIL.Example.").said.canonical_name, "mail.example");
  EXPECT_TRUE(look(record_type::a, "mail.example").from_cache);
}

TEST_F(Resolver, SaysThatAPlainZoneIsInsecure) {
  const auto said = look(record_type::a, "host.plain").said;
  EXPECT_EQ(said.outcome, outcome::found) << said.problem;
  EXPECT_EQ(said.validation, validation::insecure);
  // Names of private networks belong to the servers, too.
  const auto reverse = look(record_type::ptr, "1.0.0.10.in-addr.arpa").said;
  EXPECT_EQ(reverse.names, lines{"mail.example"}) << reverse.problem;
}

TEST_F(Resolver, GivesNothingOutThatDnssecRefutes) {
  for (const auto* name : {"host.expired", "host.stripped"}) {
    const auto said = look(record_type::a, name).said;
    EXPECT_EQ(said.outcome, outcome::failed) << name;
    EXPECT_EQ(said.validation, validation::bogus) << name;
    EXPECT_NE(said.problem.find("DNSSEC"), std::string::npos) << said.problem;
    EXPECT_TRUE(said.addresses.empty());
  }
}

TEST_F(Resolver, WithoutDnssecBelievesAndProvesNothing) {
  settings_.resolver.dnssec = false;
  EXPECT_EQ(look(record_type::a, "host.expired").said.outcome, outcome::found);
  const auto said = look(record_type::a, "mail.example").said;
  EXPECT_EQ(said.outcome, outcome::found);
  EXPECT_EQ(said.validation, validation::insecure);
}

TEST_F(Resolver, TellsNoDataFromNoSuchName) {
  const auto no_data = look(record_type::mx, "mail.example").said;
  EXPECT_EQ(no_data.outcome, outcome::no_data) << no_data.problem;
  EXPECT_EQ(no_data.validation, validation::secure);
  const auto no_name = look(record_type::mx, "nowhere.example").said;
  EXPECT_EQ(no_name.outcome, outcome::no_such_name) << no_name.problem;
  EXPECT_EQ(no_name.validation, validation::secure);
  EXPECT_EQ(look(record_type::a, "no-such-zone").said.outcome, outcome::no_such_name);
  // Both are believed for a time (RFC 2308).
  EXPECT_TRUE(look(record_type::mx, "mail.example").from_cache);
  EXPECT_TRUE(look(record_type::mx, "nowhere.example").from_cache);
}

TEST_F(Resolver, AsksNobodyForWhatIsNoName) {
  for (const auto& name : {std::string(), std::string("."), std::string("a..b"), std::string(64, 'a') + ".b",
                           std::string("a\0b", 3)})
    EXPECT_EQ(look(record_type::a, name).said.outcome, outcome::no_such_name) << name;
  EXPECT_EQ(count(metrics::counter::dns_lookups), 0u);
}

TEST_F(Resolver, FollowsAliasesAndSaysWhereTheyLead) {
  const auto chain = look(record_type::a, "one.example").said;
  EXPECT_EQ(dns::record_lines(chain), lines{"127.0.0.3"}) << chain.problem;
  EXPECT_EQ(chain.canonical_name, "three.example");
  EXPECT_EQ(chain.validation, validation::secure);
  // A chain is as secure as its weakest link.
  const auto out = look(record_type::a, "out.example").said;
  EXPECT_EQ(out.canonical_name, "host.plain") << out.problem;
  EXPECT_EQ(out.validation, validation::insecure);
  EXPECT_EQ(look(record_type::a, "back.plain").said.validation, validation::insecure);
  EXPECT_EQ(look(record_type::cname, "out.example").said.validation, validation::secure);
  const auto lost = look(record_type::a, "lost.example").said;
  EXPECT_EQ(lost.outcome, outcome::no_such_name) << lost.problem;
}

TEST_F(Resolver, ACircleOfAliasesIsAFailure) {
  const auto said = look(record_type::a, "loop.example").said;
  EXPECT_EQ(said.outcome, outcome::failed);
  EXPECT_NE(said.problem, "");
}

TEST_F(Resolver, TakesAnAnswerByTcpThatIsTooLargeForAPacket) {
  const auto said = look(record_type::txt, "big.example").said;
  ASSERT_EQ(said.texts.size(), 1u) << said.problem;
  EXPECT_EQ(said.texts.front().size(), 8000u);
  EXPECT_EQ(said.texts.front().substr(199, 3), "abb");
  EXPECT_EQ(said.validation, validation::secure);
}

TEST_F(Resolver, AServerThatFailsIsATemporaryFailureAndIsNotRemembered) {
  for (int i = 0; i < 2; ++i) {
    const auto answer = look(record_type::a, "host.failing");
    EXPECT_EQ(answer.said.outcome, outcome::failed);
    EXPECT_NE(answer.said.problem.find("SERVFAIL"), std::string::npos) << answer.said.problem;
    EXPECT_FALSE(answer.from_cache);
  }
  EXPECT_EQ(count(metrics::counter::dns_failures), 2u);
}

TEST_F(Resolver, KeepsAnswersAndForgetsThemWithTheirTtl) {
  EXPECT_FALSE(look(record_type::a, "short.example").from_cache);
  EXPECT_TRUE(look(record_type::a, "short.example").from_cache);
  EXPECT_EQ(count(metrics::counter::dns_lookups), 1u);
  EXPECT_EQ(count(metrics::counter::dns_cached_answers), 1u);
  EXPECT_TRUE(eventually([&] { return !look(record_type::a, "short.example").from_cache; }));
}

TEST_F(Resolver, KeepsNothingWhenTheCacheIsOff) {
  settings_.resolver.cache = false;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(look(record_type::a, "mail.example").from_cache);
  EXPECT_EQ(count(metrics::counter::dns_lookups), 3u);
  EXPECT_EQ(status().kept, 0u);
}

TEST_F(Resolver, GoesOnToTheNextServerWhenOneIsDead) {
  std::string closed;
  {
    holding_server gone;
    closed = gone.server();
  }
  settings_.resolver.servers = {closed, zones().server()};
  EXPECT_EQ(look(record_type::a, "mail.example").said.outcome, outcome::found);
}

TEST_F(Resolver, ASilentServerIsAFailureInTime) {
  holding_server silent;
  settings_.resolver.servers = {silent.server()};
  settings_.resolver.lookup_timeout = std::chrono::seconds(1);
  const auto before = std::chrono::steady_clock::now();
  const auto said = look(record_type::a, "mail.example").said;
  EXPECT_EQ(said.outcome, outcome::failed);
  EXPECT_NE(said.problem.find("in time"), std::string::npos) << said.problem;
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  EXPECT_EQ(status().under_way, 0u);
}

TEST_F(Resolver, WhoAsksTheSameAtTheSameTimeSharesOneLookUp) {
  holding_server slow(zones().server());
  settings_.resolver.servers = {slow.server()};
  start();
  caf::scoped_actor client(*system_);
  using waiting_answer = decltype(client->request(resolver_, testing::patience, look_up{}));
  std::vector<waiting_answer> answers;
  for (int i = 0; i < 20; ++i)
    answers.push_back(
        client->request(resolver_, testing::patience, look_up{{record_type::a, "mail.example"}}));
  ASSERT_TRUE(eventually([&] { return slow.asked("mail") > 0; }));
  EXPECT_EQ(status().under_way, 1u);
  slow.release();
  for (auto& each : answers)
    each.receive([](looked_up& got) { EXPECT_EQ(got.said.outcome, outcome::found) << got.said.problem; },
                 [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(count(metrics::counter::dns_lookups), 1u);
}

TEST_F(Resolver, HoldsABoundedNumberOfLookUpsAndRefusesTheRestAtOnce) {
  holding_server slow(zones().server());
  settings_.resolver.servers = {slow.server()};
  settings_.resolver.max_lookups = 2;
  settings_.resolver.max_waiting = 3;
  start();
  caf::scoped_actor client(*system_);
  using waiting_answer = decltype(client->request(resolver_, testing::patience, look_up{}));
  std::vector<waiting_answer> answers;
  const std::vector<std::string> names{"mail.example", "backup.example", "one.example",
                                       "two.example",  "three.example",  "short.example"};
  for (const auto& name : names)
    answers.push_back(client->request(resolver_, testing::patience, look_up{{record_type::a, name}}));
  answers.back().receive(
      [](looked_up& got) {
        EXPECT_EQ(got.said.outcome, outcome::failed);
        EXPECT_NE(got.said.problem.find("too many"), std::string::npos) << got.said.problem;
      },
      [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(status().under_way, 2u);
  EXPECT_EQ(status().waiting, 3u);
  slow.release();
  answers.pop_back();
  for (auto& each : answers)
    each.receive([](looked_up& got) { EXPECT_EQ(got.said.outcome, outcome::found) << got.said.problem; },
                 [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(status().under_way + status().waiting, 0u);
}

TEST_F(Resolver, EndsWithLookUpsUnderWayAndTellsWhoWaits) {
  holding_server silent;
  settings_.resolver.servers = {silent.server()};
  start();
  caf::scoped_actor client(*system_);
  auto answer = client->request(resolver_, testing::patience, look_up{{record_type::a, "mail.example"}});
  ASSERT_TRUE(eventually([&] { return silent.asked("mail") > 0; }));
  end(resolver_);
  resolver_ = nullptr;
  bool told = false;
  answer.receive([](looked_up&) {}, [&](caf::error&) { told = true; });
  EXPECT_TRUE(told);
}

TEST_F(Resolver, ATrustAnchorThatCannotBeReadMakesLookUpsFail) {
  testing::temporary_folder folder;
  const auto nonsense = folder.path() + "/anchor";
  std::ofstream(nonsense) << "this is no key\n";
  for (const auto& file : {folder.path() + "/missing", nonsense}) {
    settings_.resolver.trust_anchor_file = file;
    const auto said = look(record_type::a, "mail.example").said;
    EXPECT_EQ(said.outcome, outcome::failed);
    EXPECT_NE(said.problem.find(file), std::string::npos) << said.problem;
    end(resolver_);
    resolver_ = nullptr;
  }
}

TEST_F(Resolver, PlansWhereTheMailOfADomainGoes) {
  start();
  const auto plan_for = [this](const std::string& domain) {
    plan_route order;
    order.to.domain = domain;
    return ask<route_planned>(resolver_, order).plan;
  };
  for (int i = 0; i < 2; ++i) { // the second comes from the cache, all of it
    const auto made = plan_for("example");
    ASSERT_EQ(made.hosts.size(), 2u) << made.problem;
    EXPECT_EQ(made.hosts[0].name, "mail.example");
    EXPECT_EQ(made.hosts[0].addresses.size(), 2u);
    EXPECT_EQ(made.hosts[0].tls.level, route::tls_level::dane);
    EXPECT_EQ(made.hosts[1].tls.level, route::tls_level::opportunistic);
  }
  const auto asked = count(metrics::counter::dns_lookups);
  plan_for("example");
  EXPECT_EQ(count(metrics::counter::dns_lookups), asked);
  EXPECT_EQ(smtp_client::to_string(plan_for("silent.example").status), "5.1.10");
  EXPECT_EQ(smtp_client::to_string(plan_for("nowhere.example").status), "5.1.2");
  EXPECT_EQ(smtp_client::to_string(plan_for("expired").status), "4.7.5");
  EXPECT_EQ(smtp_client::to_string(plan_for("failing").status), "4.4.3");
}

TEST_F(Resolver, FeedsTheChecksOfSenders) {
  start();
  const auto judge = [this](const std::string& client, const std::string& sender) {
    mailauth::spf::query about;
    about.client = *mailauth::parse_client_address(client);
    about.mail_from = sender;
    mailauth::spf::check checking(about);
    for (auto asked = checking.questions(); !asked.empty(); asked = checking.questions())
      for (const auto& each : asked) {
        const auto got = ask<looked_up>(resolver_, look_up{dns::from_mailauth(each)});
        checking.give(each, dns::for_mailauth(got.said));
      }
    return checking.result().result;
  };
  EXPECT_EQ(judge("127.0.0.3", "somebody@sender.example"), mailauth::auth_result::pass);
  EXPECT_EQ(judge("127.0.0.7", "somebody@sender.example"), mailauth::auth_result::fail);
  EXPECT_EQ(judge("127.0.0.7", "somebody@host.plain"), mailauth::auth_result::none);
  EXPECT_EQ(judge("127.0.0.7", "somebody@host.failing"), mailauth::auth_result::temperror);
}

TEST_F(Resolver, ZonesForTestsAreAskedForLikeAllOthers) {
  // libunbound would say of its own accord that there is no "test"; our root says it, with a proof.
  const auto said = look(record_type::a, "host.test").said;
  EXPECT_EQ(said.outcome, outcome::no_such_name);
  EXPECT_EQ(said.validation, validation::secure);
}

} // namespace
} // namespace stagepost::resolver
