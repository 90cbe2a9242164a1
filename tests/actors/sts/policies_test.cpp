#include "actors/sts/policies.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/directory_fixture.hpp"

#include <mutex>

namespace stagepost::sts {
namespace {

using route::sts_mode;
using std::chrono::hours;

/// What the DNS and the web server say, for the test to change.
struct world {
  std::mutex mutex;
  std::string id = "1"; ///< empty: there is no record
  bool dns_fails = false;
  web::fetched answer;
  std::vector<web::fetch> fetches;
};
using world_ptr = std::shared_ptr<world>;

resolver::resolver_actor::behavior_type told_resolver(resolver::resolver_actor::pointer, world_ptr around) {
  return {
      [around](const resolver::look_up& asked) {
        std::lock_guard lock(around->mutex);
        resolver::looked_up found;
        found.said.outcome = dns::outcome::no_such_name;
        if (around->dns_fails) found.said.outcome = dns::outcome::failed;
        if (!around->dns_fails && !around->id.empty() && asked.what.name.starts_with("_mta-sts.")) {
          found.said.outcome = dns::outcome::found;
          found.said.texts = {"v=STSv1; id=" + around->id + ";"};
        }
        return found;
      },
      [](const resolver::plan_route&) { return resolver::route_planned{}; },
      [](atom::status) { return resolver::resolver_status{}; },
  };
}

web::fetcher_actor::behavior_type told_fetcher(web::fetcher_actor::pointer, world_ptr around) {
  return {[around](const web::fetch& what) {
    std::lock_guard lock(around->mutex);
    around->fetches.push_back(what);
    return around->answer;
  }};
}

std::string text_of(const std::string& mode, const std::string& max_age = "86400") {
  return "version: STSv1\r\nmode: " + mode + "\r\nmx: *.example.org\r\nmax_age: " + max_age + "\r\n";
}

web::fetched page(const std::string& body, const std::string& type = "text/plain", int status = 200) {
  web::fetched made;
  made.status = status;
  made.body = body;
  made.media_type = type;
  return made;
}

web::fetched no_page(const std::string& why) {
  web::fetched made;
  made.failure = why;
  return made;
}

class StsPolicyKeeper : public testing::directory_fixture {
protected:
  StsPolicyKeeper() {
    resolver_ = system_->spawn(told_resolver, around_);
    fetcher_ = system_->spawn(told_fetcher, around_);
    start();
  }
  ~StsPolicyKeeper() override {
    end(std::exchange(policies_, nullptr));
    end(std::exchange(resolver_, nullptr));
    end(std::exchange(fetcher_, nullptr));
  }

  void start() {
    if (policies_) end(policies_);
    policies_ = system_->spawn(policies, services{store_, committer_, readers_, resolver_, fetcher_, {}});
  }
  void serve(web::fetched what) {
    std::lock_guard lock(around_->mutex);
    around_->answer = std::move(what);
  }
  void publish(const std::string& id) {
    std::lock_guard lock(around_->mutex);
    around_->id = id;
  }
  void break_dns() {
    std::lock_guard lock(around_->mutex);
    around_->dns_fails = true;
  }
  size_t fetches() {
    std::lock_guard lock(around_->mutex);
    return around_->fetches.size();
  }
  policy_found find(const std::string& domain = "example.org") {
    auto found = ask<policy_found>(policies_, find_policy{domain});
    EXPECT_TRUE(found.done);
    return found;
  }
  bool is_kept() { return bool(storage::read_sts_policy(*store_, "example.org", storage::reach::disk)); }

  world_ptr around_ = std::make_shared<world>();
  resolver::resolver_actor resolver_;
  web::fetcher_actor fetcher_;
  policies_self policies_;
};

TEST_F(StsPolicyKeeper, FetchesAPolicyOnceAndKeepsIt) {
  serve(page(text_of("enforce")));
  const auto found = find("Example.ORG");
  ASSERT_TRUE(found.policy);
  EXPECT_EQ(found.policy->mode, sts_mode::enforce);
  EXPECT_TRUE(found.line.starts_with("MTA-STS enforce, id 1, fetched ")) << found.line;
  EXPECT_EQ(around_->fetches.at(0).url, "https://mta-sts.example.org/.well-known/mta-sts.txt");
  EXPECT_FALSE(around_->fetches.at(0).follow_redirects);
  EXPECT_TRUE(around_->fetches.at(0).verify_certificate);
  EXPECT_TRUE(is_kept());
  EXPECT_TRUE(find().policy);
  EXPECT_EQ(fetches(), 1u);
}

TEST_F(StsPolicyKeeper, AsksForNothingWhereThereIsNoRecord) {
  publish("");
  const auto found = find();
  EXPECT_FALSE(found.policy);
  EXPECT_EQ(found.line, "");
  EXPECT_FALSE(find("[192.0.2.1]").policy);
  EXPECT_EQ(fetches(), 0u);
}

TEST_F(StsPolicyKeeper, HoldsToAPolicyWhenTheRecordTheServerAndTheProcessAreGone) {
  serve(page(text_of("enforce")));
  EXPECT_TRUE(find().policy);
  EXPECT_TRUE(is_kept());
  publish("");
  serve(no_page("gone"));
  start();
  EXPECT_EQ(find().policy->mode, sts_mode::enforce);
  break_dns();
  EXPECT_EQ(find().policy->mode, sts_mode::enforce);
  wall_clock_shift shift(hours(25)); // its max_age is a day
  EXPECT_FALSE(find().policy);
}

TEST_F(StsPolicyKeeper, FetchesAnewWhenTheRecordHasAnotherId) {
  serve(page(text_of("testing")));
  EXPECT_EQ(find().policy->mode, sts_mode::testing);
  EXPECT_TRUE(is_kept());
  serve(page(text_of("none")));
  EXPECT_EQ(find().policy->mode, sts_mode::testing);
  publish("2");
  EXPECT_EQ(find().policy->mode, sts_mode::none);
  EXPECT_EQ(fetches(), 2u);
}

TEST_F(StsPolicyKeeper, KeepsTheOldPolicyWhileTheNewOneIsNotToBeHad) {
  serve(page(text_of("enforce")));
  EXPECT_TRUE(find().policy);
  EXPECT_TRUE(is_kept());
  publish("2");
  serve(no_page("gone"));
  EXPECT_EQ(find().policy->mode, sts_mode::enforce);
  EXPECT_TRUE(find().line.starts_with("MTA-STS enforce, id 1,"));
  EXPECT_EQ(fetches(), 2u); // and is not asked for again at once
}

TEST_F(StsPolicyKeeper, FetchesAnewBeforeAPolicyEnds) {
  serve(page(text_of("enforce", "86400")));
  EXPECT_TRUE(find().policy);
  EXPECT_TRUE(is_kept());
  wall_clock_shift shift(hours(13));
  EXPECT_TRUE(find().policy);
  EXPECT_TRUE(eventually([this] { return fetches() == 2; }));
  shift.set(hours(30)); // the first one has ended
  EXPECT_TRUE(eventually([this] { return find().line.starts_with("MTA-STS enforce"); }));
}

TEST_F(StsPolicyKeeper, TakesNothingForAPolicyThatIsNone) {
  const std::pair<web::fetched, storage::tls_result> pages[] = {
      {no_page("www: nobody answers"), storage::tls_result::sts_policy_fetch_error},
      {no_page("TLS: certificate has expired"), storage::tls_result::sts_webpki_invalid},
      {page(text_of("enforce"), "text/plain", 302), storage::tls_result::sts_policy_fetch_error},
      {page(text_of("enforce"), "text/html"), storage::tls_result::sts_policy_invalid},
      {page("version: STSv2\nmode: none\nmax_age: 1\n"), storage::tls_result::sts_policy_invalid},
  };
  for (const auto& [what, expected] : pages) {
    fetch_problem problem;
    EXPECT_FALSE(read_policy(what, problem));
    EXPECT_EQ(problem.result, expected);
    EXPECT_FALSE(problem.words.empty());
  }
  serve(page(text_of("enforce"), "text/html"));
  const auto found = find();
  EXPECT_FALSE(found.policy);
  EXPECT_EQ(found.line, "MTA-STS: its policy cannot be fetched: it is no text/plain");
  serve(page(text_of("enforce")));
  EXPECT_FALSE(find().policy); // the server is left alone for a while
  EXPECT_EQ(fetches(), 1u);
  EXPECT_FALSE(is_kept());
}

TEST_F(StsPolicyKeeper, AnswersAllWhoAskAtOnceWithOneFetch) {
  serve(page(text_of("enforce")));
  caf::scoped_actor self(*system_);
  for (int i = 0; i < 20; ++i) self->send(policies_, find_policy{"example.org"});
  int answered = 0;
  self->receive_while([&] { return answered < 20; })([&](const policy_found& found) {
    ++answered;
    EXPECT_TRUE(found.policy);
  });
  EXPECT_EQ(fetches(), 1u);
}

} // namespace
} // namespace stagepost::sts
