#include "actors/web/fetcher.hpp"

#include "tests/actors/web/web_peer.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/certificate.hpp"

#include <cstdlib>

namespace stagepost::web {
namespace {

/// Knows one host, at 127.0.0.1.
resolver::resolver_actor::behavior_type one_host(resolver::resolver_actor::pointer) {
  return {
      [](const resolver::look_up& asked) {
        resolver::looked_up found;
        found.said.outcome = dns::outcome::no_such_name;
        if (asked.what.name == "silent.example") {
          found.said.outcome = dns::outcome::failed;
          found.said.problem = "nobody answers";
        }
        if (asked.what.name == "www.example") {
          found.said.outcome = dns::outcome::no_data;
          if (asked.what.type == dns::record_type::a) {
            found.said.outcome = dns::outcome::found;
            found.said.addresses = {*mailauth::parse_client_address("127.0.0.1")};
          }
        }
        return found;
      },
      [](const resolver::plan_route&) { return resolver::route_planned{}; },
      [](atom::status) { return resolver::resolver_status{}; },
  };
}

class Fetcher : public testing::actor_fixture {
protected:
  Fetcher() {
    testing::make_certificate(folder_.path(), "trusted", "DNS:www.example,IP:127.0.0.1");
    testing::make_certificate(folder_.path(), "stranger", "DNS:www.example,IP:127.0.0.1");
    testing::make_certificate(folder_.path(), "other", "DNS:other.example");
    // What the machine trusts, as far as this program is concerned: read when the TLS of clients is made.
    ::setenv("SSL_CERT_FILE", file("trusted.pem").c_str(), 1);
    resolver_ = system_->spawn(one_host);
    with_.resolver = resolver_;
    with_.tls = std::make_shared<const net::client_tls>();
    ::unsetenv("SSL_CERT_FILE");
    start();
  }
  ~Fetcher() override {
    end(std::exchange(fetcher_, nullptr));
    with_ = {};
    end(std::exchange(resolver_, nullptr));
  }

  void start() {
    if (fetcher_) end(fetcher_);
    fetcher_ = system_->spawn(fetcher, with_);
  }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
  fetched get(const std::string& url) {
    fetch what;
    what.url = url;
    return get(what);
  }
  fetched get(const fetch& what) { return ask<fetched>(fetcher_, what); }

  testing::temporary_folder folder_;
  resolver::resolver_actor resolver_;
  setup with_;
  working_fetcher_actor fetcher_;
};

TEST_F(Fetcher, BringsWhatTheServerSays) {
  web_peer peer;
  peer.answer_with(ok("hello"));
  const auto found = get(peer.url("www.example", "/a/b?c=d"));
  EXPECT_EQ(found.failure, "");
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, "hello");
  EXPECT_EQ(found.media_type, "text/plain");
  ASSERT_EQ(peer.requests().size(), 1u);
  EXPECT_TRUE(peer.requests()[0].starts_with("GET /a/b?c=d HTTP/1.1\r\nHost: www.example:"));
  EXPECT_EQ(peer.requests()[0].find("Authorization"), std::string::npos);
}

TEST_F(Fetcher, TakesAnAddressForAHostAndASecondAddressForIt) {
  web_peer peer;
  peer.answer_with(ok("hello"));
  EXPECT_EQ(get(peer.url("127.0.0.1")).body, "hello");
  fetch what;
  what.url = peer.url("unknown.example");
  EXPECT_EQ(get(what).failure, "unknown.example: it has no address");
  what.address = "127.0.0.1";
  EXPECT_EQ(get(what).body, "hello");
}

TEST_F(Fetcher, SaysWhoAsks) {
  web_peer peer;
  peer.answer_with(ok(""));
  fetch what;
  what.url = peer.url("www.example");
  what.user = "Aladdin";
  what.password = "open sesame";
  EXPECT_EQ(get(what).status, 200);
  EXPECT_NE(peer.requests().at(0).find("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
            std::string::npos);
}

TEST_F(Fetcher, ReadsAnswersOfAllForms) {
  web_peer peer;
  peer.answer_with("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(get(peer.url("www.example")).body, "abcde");
  peer.answer_with("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  EXPECT_EQ(get(peer.url("www.example")).body, "until the end");
  peer.answer_with("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  const auto missing = get(peer.url("www.example"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "none");
  EXPECT_EQ(missing.failure, "");
}

TEST_F(Fetcher, BelievesNoAnswerThatIsNotWhole) {
  web_peer peer;
  for (const char* octets : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "garbage\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Le"}) {
    peer.answer_with(octets);
    const auto found = get(peer.url("www.example"));
    EXPECT_NE(found.failure, "") << octets;
    EXPECT_EQ(found.body, "") << octets;
  }
}

TEST_F(Fetcher, ReadsNoMoreThanItIsAskedTo) {
  web_peer peer;
  fetch what;
  what.url = peer.url("www.example");
  what.size_limit = 100;
  peer.answer_with(ok(std::string(100, 'x')));
  EXPECT_EQ(get(what).body.size(), 100u);
  peer.answer_with(ok(std::string(101, 'x')));
  EXPECT_EQ(get(what).failure, "the answer is too large");
  peer.answer_with("HTTP/1.0 200 OK\r\n\r\n" + std::string(101, 'x'));
  EXPECT_EQ(get(what).failure, "the answer is too large");
  peer.answer_with("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  EXPECT_NE(get(what).failure, "");
}

TEST_F(Fetcher, WaitsNoLongerThanItIsAskedTo) {
  web_peer peer;
  peer.answer_with("hang");
  fetch what;
  what.url = peer.url("www.example");
  what.time_limit = std::chrono::milliseconds(200);
  EXPECT_EQ(get(what).failure, "no answer in time");
}

TEST_F(Fetcher, DemandsACertificateForTheName) {
  web_peer good(file("trusted")), stranger(file("stranger")), other(file("other"));
  for (auto* each : {&good, &stranger, &other}) each->answer_with(ok("hello"));
  EXPECT_EQ(get(good.url("www.example")).body, "hello");
  EXPECT_EQ(get(good.url("127.0.0.1")).body, "hello");
  EXPECT_TRUE(get(stranger.url("www.example")).failure.starts_with("TLS: "));
  EXPECT_TRUE(get(other.url("www.example")).failure.starts_with("TLS: "));
  EXPECT_TRUE(stranger.requests().empty());
  fetch lenient;
  lenient.url = stranger.url("www.example");
  lenient.verify_certificate = false;
  EXPECT_EQ(get(lenient).body, "hello");
}

TEST_F(Fetcher, FollowsRedirectsOnlyWhenToldTo) {
  web_peer peer;
  const std::string led = "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
  peer.answer_with({led, led, ok("hello")});
  fetch what;
  what.url = peer.url("www.example", "/here");
  EXPECT_EQ(get(what).status, 302);
  EXPECT_EQ(peer.requests().size(), 1u);
  what.follow_redirects = true;
  EXPECT_EQ(get(what).body, "hello");
  EXPECT_TRUE(peer.requests().back().starts_with("GET /there HTTP/1.1\r\n"));
  peer.answer_with(led);
  EXPECT_EQ(get(what).status, 302); // round and round
}

TEST_F(Fetcher, TellsNoSecretToTheServerItIsLedTo) {
  web_peer first, second;
  first.answer_with("HTTP/1.1 301 Moved\r\nLocation: " + second.url("127.0.0.1") +
                    "\r\nContent-Length: 0\r\n\r\n");
  second.answer_with(ok("hello"));
  fetch what;
  what.url = first.url("www.example");
  what.user = "gate";
  what.password = "secret";
  what.follow_redirects = true;
  EXPECT_EQ(get(what).body, "hello");
  EXPECT_NE(first.requests().at(0).find("Authorization"), std::string::npos);
  EXPECT_EQ(second.requests().at(0).find("Authorization"), std::string::npos);
}

TEST_F(Fetcher, GoesNoFurtherThanTheNodeMay) {
  web_peer peer;
  peer.answer_with(ok("hello"));
  with_.limits.networks = {*conf::parse_network("192.0.2.0/24")};
  start();
  EXPECT_EQ(get(peer.url("www.example")).failure, "127.0.0.1 is not among outbound.networks");
  EXPECT_EQ(get(peer.url("127.0.0.1")).failure, "127.0.0.1 is not among outbound.networks");
  with_.limits = {conf::outbound_scope::none, {}};
  start();
  EXPECT_NE(get(peer.url("www.example")).failure, "");
  EXPECT_TRUE(peer.requests().empty());
}

TEST_F(Fetcher, SaysWhyNothingCanBeAsked) {
  EXPECT_EQ(get("ftp://www.example/").failure, "that is no URL");
  EXPECT_EQ(get("http://silent.example/").failure, "silent.example: nobody answers");
  fetch what;
  what.url = "http://www.example/";
  what.user = "a:b";
  EXPECT_NE(get(what).failure, "");
}

TEST_F(Fetcher, TakesOnNoMoreThanItCanHold) {
  web_peer peer;
  peer.answer_with("hang");
  fetch what;
  what.url = peer.url("www.example");
  what.time_limit = std::chrono::seconds(50);
  caf::scoped_actor self(*system_);
  for (size_t i = 0; i < most_requests + most_waiting; ++i) self->send(fetcher_, what);
  EXPECT_EQ(get(what).failure, "too much is being asked already");
  start(); // lets those go, and with them the peer
}

} // namespace
} // namespace stagepost::web
