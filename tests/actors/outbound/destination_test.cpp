#include "actors/outbound/destination.hpp"

#include "storage/trace_table.hpp"
#include "tests/actors/outbound/outbound_fixture.hpp"
#include "tests/support/smtp_double.hpp"

namespace stagepost::outbound {
namespace {

using smtp_client::own_trouble;
using smtp_client::stage;

class Destination : public outbound_fixture {
protected:
  Destination() {
    notes_->way.failed = smtp_client::outcome_of(smtp_client::connection_failure::refused, stage::connect);
  }
  ~Destination() override {
    if (destination_) end(std::exchange(destination_, nullptr));
  }

  void start(std::set<queue_id> barred = {}, lane of = {}) {
    destination_ = system_->spawn(outbound::destination, std::string("x.test"), std::move(of), with_,
                                  foreman_, std::move(barred));
  }
  /// What was sent to it before has been heard.
  void hear() { ask<message_barred>(destination_, bar_here{queue_id{12345}}); }
  bool ends() {
    return eventually([this] { return notes_->ends > 0; });
  }
  uint64_t looks() { return ask<uint64_t>(readers_, atom::status::value); }
  /// A look has read what there is, and its answer is held back.
  void start_with_a_look_under_way(std::set<queue_id> barred = {}) {
    caf::anon_send(readers_, atom::stop::value);
    start(std::move(barred));
    ASSERT_TRUE(eventually([this] { return looks() == 1; }));
  }

  /// As after so many failed attempts.
  void put_waiting(uint64_t number, uint32_t attempts, instant due_at) {
    put(number);
    const auto before = recipients_of(number).front();
    auto after = before;
    after.attempts = attempts;
    after.is_put_off = attempts == 0;
    after.due_at = due_at;
    storage::batch b(*store_);
    storage::change_recipient(b, queue_id{number}, before, after);
    commit(b);
  }

  /// Of its trace, a line each.
  std::string last_facts_of(uint64_t number) {
    const auto steps = storage::read_trace(*store_, queue_id{number}, storage::reach::disk);
    std::string told;
    if (!steps || steps->empty()) return told;
    for (const auto& [name, value] : steps->back().facts) told += name + '=' + value + '\n';
    return told;
  }

  destination_actor destination_;
};

TEST_F(Destination, DropsWhatALookReadBeforeSomebodyElseChangedIt) {
  put(7);
  start_with_a_look_under_way();
  ASSERT_TRUE(ask<message_barred>(destination_, bar_here{queue_id{7}}).done);
  storage::batch deletion(*store_);
  storage::delete_recipient(deletion, queue_id{7}, recipients_of(7).front());
  storage::delete_spool(deletion, queue_id{7});
  commit(deletion);
  caf::anon_send(destination_, unbar_here{queue_id{7}});
  hear();
  caf::anon_send(readers_, atom::flush::value);
  ASSERT_TRUE(ends());
  EXPECT_EQ(notes_->routes_asked.load(), 0u);
  EXPECT_TRUE(recipients_of(7).empty());
}

TEST_F(Destination, LeavesTheRowsOfWhatSomebodyElseChangedAlone) {
  put(7);
  caf::anon_send(readers_, atom::stop::value);
  // The look sees the row of the priority before, and a record that has another.
  auto before = recipients_of(7).front(), after = before;
  after.priority = 9;
  storage::batch record_only(*store_), whole(*store_);
  storage::change_recipient(record_only, queue_id{7}, before, after);
  commit(record_only);
  storage::batch old_row(*store_);
  storage::delete_outbound(old_row, queue_id{7}, after);
  storage::put_outbound(old_row, queue_id{7}, before);
  commit(old_row);
  notes_->way.waits = true;
  notes_->way.failed = own_trouble(stage::routing, "It waits here");
  start();
  ASSERT_TRUE(eventually([this] { return looks() == 1; }));
  ASSERT_TRUE(ask<message_barred>(destination_, bar_here{queue_id{7}}).done);
  storage::change_recipient(whole, queue_id{7}, before, after);
  commit(whole);
  caf::anon_send(destination_, unbar_here{queue_id{7}});
  hear();
  caf::anon_send(readers_, atom::flush::value);
  ASSERT_TRUE(ends());
  EXPECT_EQ(storage::read_due(*store_, {}, storage::end_of_time, 10, storage::reach::disk)->rows.size(), 1u);
}

TEST_F(Destination, LooksAgainAtWhatWasReleasedWhileItLooked) {
  put(7);
  start_with_a_look_under_way({queue_id{7}});
  caf::anon_send(destination_, unbar_here{queue_id{7}});
  hear();
  caf::anon_send(readers_, atom::flush::value);
  ASSERT_TRUE(ends());
  EXPECT_EQ(recipients_of(7).front().attempts, 1u);
}

TEST_F(Destination, RestsWithoutAnAttemptWhenNothingCanBeSentHere) {
  put(7);
  notes_->way.failed = own_trouble(stage::routing, "Nobody can be asked");
  start();
  ASSERT_TRUE(ends());
  EXPECT_TRUE(notes_->rests.load());
  EXPECT_EQ(recipients_of(7).front().attempts, 0u);
}

TEST_F(Destination, EndsWithoutAnAttemptWhereThisNodeDoesNotSend) {
  put(7);
  notes_->way.waits = true;
  notes_->way.failed = own_trouble(stage::routing, "It waits here");
  start();
  ASSERT_TRUE(ends());
  EXPECT_FALSE(notes_->rests.load());
  EXPECT_EQ(recipients_of(7).front().attempts, 0u);
}

TEST_F(Destination, ReadsNoMoreThanTheDiskCanFollow) {
  for (uint64_t number = 1; number <= 250; ++number) put(number);
  ask<testing::held>(committer_, testing::hold_batches{});
  start();
  ask<testing::held>(committer_, testing::await_held{200});
  hear();
  EXPECT_EQ(looks(), 1u);
  ask<testing::held>(committer_, testing::release_batches{});
  ASSERT_TRUE(ends());
  for (uint64_t number = 1; number <= 250; ++number) EXPECT_EQ(recipients_of(number).front().attempts, 1u);
}

TEST_F(Destination, AsksForItsRouteAnewWhenTheSettingsChange) {
  put(7);
  start();
  ASSERT_TRUE(ends());
  ASSERT_EQ(notes_->routes_asked.load(), 1u);
  auto settings = *with_->settings->get();
  settings.smtp_out.routes = {"x.test=192.0.2.1"};
  with_->settings->set(settings);
  put(8); // after the old way had failed
  caf::anon_send(destination_, due_again{});
  ASSERT_TRUE(eventually([&] { return recipients_of(8).front().attempts == 1; }));
  EXPECT_EQ(notes_->routes_asked.load(), 2u);
}

TEST_F(Destination, KeepsItsRouteWhenOtherSettingsChange) {
  put(7);
  start();
  ASSERT_TRUE(ends());
  auto settings = *with_->settings->get();
  settings.smtp_out.max_connections += 1;
  with_->settings->set(settings);
  caf::anon_send(destination_, all_due{});
  ASSERT_TRUE(eventually([this] { return notes_->ends > 1; }));
  EXPECT_EQ(notes_->routes_asked.load(), 1u);
}

// -- ways out

/// A host at which nobody answers.
route to_nobody() {
  route made;
  next_hop hop;
  hop.host = hop.address = "127.0.0.1";
  hop.port = 1;
  made.hops = {hop};
  return made;
}

way_out from_address(const char* address) { return {address, {}, true}; }

TEST_F(Destination, PutsOffOnlyTheMailOfADomainWhoseAddressIsNotHere) {
  auto settings = *with_->settings->get();
  settings.smtp_out.fall_back_to_primary = false;
  with_->settings->set(settings);
  notes_->way = to_nobody();
  notes_->ways_out["own.test"] = {{true, from_address("192.0.2.9")}};
  put(7);
  put(8, wall_clock(), "a@own.test");
  put(9, wall_clock(), "b@plain.test");
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(recipients_of(7).front().attempts, 1u);
  EXPECT_EQ(recipients_of(9).front().attempts, 1u);
  const auto delayed = recipients_of(8).front();
  EXPECT_EQ(delayed.attempts, 0u);
  EXPECT_TRUE(delayed.is_put_off);
  EXPECT_NE(delayed.last_reply.find("192.0.2.9"), std::string::npos) << delayed.last_reply;
  EXPECT_EQ(notes_->all_asked().size(), 2u); // a connection for each way
}

TEST_F(Destination, CountsAnAttemptOfEachWay) {
  notes_->way = to_nobody();
  notes_->ways_out["one.test"] = {{true, from_address("127.0.0.2")}};
  notes_->ways_out["two.test"] = {{true, from_address("127.0.0.3")}};
  put(7, wall_clock(), "a@one.test");
  put(8, wall_clock(), "a@two.test");
  put(9, wall_clock(), "b@one.test");
  start();
  ASSERT_TRUE(ends());
  for (const uint64_t number : {7, 8, 9}) EXPECT_EQ(recipients_of(number).front().attempts, 1u);
  EXPECT_EQ(notes_->all_asked().size(), 2u);
  EXPECT_TRUE(notes_->rests.load());
}

TEST_F(Destination, DoesNotRestWhereOnlyTheAddressOfADomainIsNotHere) {
  auto settings = *with_->settings->get();
  settings.smtp_out.fall_back_to_primary = false;
  with_->settings->set(settings);
  notes_->way = to_nobody();
  notes_->ways_out["own.test"] = {{true, from_address("192.0.2.9")}};
  put(8, wall_clock(), "a@own.test");
  start();
  ASSERT_TRUE(ends());
  EXPECT_TRUE(recipients_of(8).front().is_put_off);
  EXPECT_FALSE(notes_->rests.load()); // mail of others may go
}

TEST_F(Destination, DoesNotRestWhereOnlyTheAddressOfADomainIsRefused) {
  testing::smtp_double host(
      [](const std::string& line) { return std::string(line == "CONNECT" ? "421 4.7.1 blocked\r\n" : ""); });
  next_hop hop;
  hop.host = hop.address = "127.0.0.1";
  hop.port = host.port();
  notes_->way = {};
  notes_->way.hops = {hop};
  notes_->ways_out["own.test"] = {{true, from_address("127.0.0.2")}};
  put(8, wall_clock(), "a@own.test");
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(recipients_of(8).front().attempts, 1u);
  EXPECT_FALSE(notes_->rests.load());
}

TEST_F(Destination, LeavesMailAloneAsLongAsItsWayIsNotKnown) {
  notes_->way = to_nobody();
  notes_->ways_out["own.test"] = {{false, {}}, {true, from_address("127.0.0.2")}};
  put(7, wall_clock(), "a@own.test");
  start();
  ASSERT_TRUE(eventually([this] { return recipients_of(7).front().attempts == 1; }));
  EXPECT_EQ(notes_->routes_asked.load(), 1u);
}

TEST_F(Destination, AsksAnewForItsWaysWhenADomainChangesItsOwn) {
  notes_->way.failed = smtp_client::outcome_of(smtp_client::connection_failure::refused, stage::connect);
  notes_->ways_out["own.test"] = {{true, from_address("127.0.0.2")}};
  put(7, wall_clock(), "a@own.test");
  start();
  ASSERT_TRUE(ends());
  with_->settings->note_other_way();
  put(8, wall_clock(), "a@own.test");
  caf::anon_send(destination_, due_again{});
  ASSERT_TRUE(eventually([&] { return recipients_of(8).front().attempts == 1; }));
  EXPECT_EQ(notes_->routes_asked.load(), 2u);
}

// -- what senders wish of TLS (RFC 8689)

/// Refuses every sender, so that each message has its end and says that it was offered.
std::string refuse_all(const std::string& line) {
  return line.starts_with("MAIL") ? "550 5.7.1 not you\r\n" : std::string{};
}

std::vector<std::string> offered_to(testing::smtp_double& host) {
  std::vector<std::string> found;
  for (const auto& line : host.lines())
    if (line.starts_with("MAIL")) found.push_back(line.substr(0, line.find('>') + 1));
  return found;
}

next_hop hop_to_double(const testing::smtp_double& host) {
  next_hop made;
  made.host = made.address = made.identity.name = "127.0.0.1";
  made.port = host.port();
  return made;
}

TEST_F(Destination, GivesBackWhatRequiresTlsWhereTheHostHasNone) {
  testing::smtp_double host(refuse_all);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  put(7);
  put_wished(8, smtp::tls_wish::required);
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(offered_to(host), std::vector<std::string>{"MAIL FROM:<>"});
  EXPECT_TRUE(recipients_of(8).empty());
  EXPECT_FALSE(notes_->rests.load()); // others may have their mail
  const auto told = last_facts_of(8);
  EXPECT_NE(told.find("status=5.7.10"), std::string::npos) << told;
  EXPECT_NE(told.find("127.0.0.1: The server offers no TLS"), std::string::npos) << told;
}

TEST_F(Destination, GivesBackWhatRequiresTlsWhereNoNameIsProven) {
  testing::smtp_double host(refuse_all);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  notes_->way.hops[0].name_is_proven = false;
  put_wished(8, smtp::tls_wish::required);
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(host.connections(), 0u);
  EXPECT_TRUE(recipients_of(8).empty());
  EXPECT_FALSE(notes_->rests.load());
}

TEST_F(Destination, GivesBackAtOnceWhatRequiresTlsAndCameWhenNoNameWasProven) {
  testing::smtp_double host(refuse_all);
  conf::system_settings long_rest;
  long_rest.smtp_out.rest_after_failure = std::chrono::hours(1);
  with_->settings->set(long_rest);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  notes_->way.hops[0].name_is_proven = false;
  put_wished(8, smtp::tls_wish::required);
  start();
  ASSERT_TRUE(ends());
  put_wished(9, smtp::tls_wish::required);
  caf::anon_send(destination_, due_again{});
  EXPECT_TRUE(eventually([this] { return recipients_of(9).empty(); })); // it did not wait for another try
}

TEST_F(Destination, KeepsWhatRequiresTlsWhileTheHostIsAway) {
  testing::smtp_double host(refuse_all);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  host.stop();
  put_wished(8, smtp::tls_wish::required);
  start();
  ASSERT_TRUE(ends());
  ASSERT_EQ(recipients_of(8).size(), 1u);
  EXPECT_EQ(recipients_of(8).front().attempts, 1u);
}

TEST_F(Destination, SendsWhatNeedsNoTlsPastThePolicyThatStopsTheRest) {
  testing::smtp_double host(refuse_all);
  notes_->way.without_policies = {hop_to_double(host)}; // and a failure
  put(7);
  put_wished(8, smtp::tls_wish::optional);
  start();
  ASSERT_TRUE(eventually([this] { return recipients_of(8).empty(); }));
  ASSERT_TRUE(ends());
  EXPECT_EQ(offered_to(host), std::vector<std::string>{"MAIL FROM:<a@client.test>"});
  ASSERT_EQ(recipients_of(7).size(), 1u);
  EXPECT_EQ(recipients_of(7).front().attempts, 1u);
}

TEST_F(Destination, AReportOnWhatRequiredTlsGoesLikeAnyMail) {
  testing::smtp_double host(refuse_all);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  put_wished(8, smtp::tls_wish::required, {});
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(host.lines().at(1), "MAIL FROM:<>"); // without REQUIRETLS, which the host does not know
}

TEST_F(Destination, SharesItsOnePlaceAmongAllWishes) {
  testing::smtp_double host(refuse_all);
  conf::system_settings one_place;
  one_place.smtp_out.connections_per_destination = 1;
  with_->settings->set(one_place);
  notes_->way = {};
  notes_->way.hops = notes_->way.without_policies = {hop_to_double(host)};
  for (uint64_t number = 1; number <= 20; ++number) put_wished(number, smtp::tls_wish(number % 3));
  start();
  ASSERT_TRUE(ends());
  for (uint64_t number = 1; number <= 20; ++number) EXPECT_TRUE(recipients_of(number).empty()) << number;
  EXPECT_EQ(offered_to(host).size(), 13u); // all but those that require TLS
}

TEST_F(Destination, KeepsApartWhatDiffersInAnyOfBoth) {
  testing::smtp_double host(refuse_all);
  auto settings = *with_->settings->get();
  settings.smtp_out.connections_per_destination = 1;
  with_->settings->set(settings);
  notes_->way = {};
  notes_->way.hops = notes_->way.without_policies = {hop_to_double(host)};
  notes_->ways_out["own.test"] = {{true, from_address("127.0.0.2")}};
  put_wished(1, smtp::tls_wish::none, "a@own.test");
  put_wished(2, smtp::tls_wish::optional, "a@own.test");
  put_wished(3, smtp::tls_wish::none, "a@plain.test");
  put_wished(4, smtp::tls_wish::optional, "a@plain.test");
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(offered_to(host).size(), 4u);
  EXPECT_EQ(host.connections(), 4u);
}

// What is required wins against `outgoing_tls` of a domain: the host is asked for TLS.
TEST_F(Destination, RequiresTlsForADomainThatSendsWithout) {
  testing::smtp_double host(refuse_all);
  notes_->way = {};
  notes_->way.hops = {hop_to_double(host)};
  notes_->ways_out["own.test"] = {{true, {{}, {}, false}}};
  put_wished(7, smtp::tls_wish::none, "a@own.test");
  put_wished(8, smtp::tls_wish::required, "b@own.test");
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(offered_to(host), std::vector<std::string>{"MAIL FROM:<a@own.test>"});
  EXPECT_TRUE(recipients_of(8).empty());
  const auto told = last_facts_of(8);
  EXPECT_NE(told.find("status=5.7.10"), std::string::npos) << told;
  EXPECT_NE(told.find("The server offers no TLS"), std::string::npos) << told;
}

TEST_F(Destination, PutsOffWhatRequiresTlsWhereTheAddressOfItsDomainIsNotHere) {
  auto settings = *with_->settings->get();
  settings.smtp_out.fall_back_to_primary = false;
  with_->settings->set(settings);
  notes_->way = to_nobody();
  notes_->ways_out["own.test"] = {{true, from_address("192.0.2.9")}};
  put_wished(8, smtp::tls_wish::required, "a@own.test");
  start();
  ASSERT_TRUE(ends());
  ASSERT_EQ(recipients_of(8).size(), 1u);
  EXPECT_EQ(recipients_of(8).front().attempts, 0u);
  EXPECT_TRUE(recipients_of(8).front().is_put_off);
  EXPECT_FALSE(notes_->rests.load());
}

// -- through gateways

route without_address(const char* gateway) {
  route none;
  none.failed =
      smtp_client::outcome_of(smtp_client::connection_failure::unreachable, stage::routing, gateway);
  return none;
}

TEST_F(Destination, TriesEachGatewayOfItsLaneBeforeAnAttemptHasFailed) {
  put(7);
  notes_->ways[1] = without_address("first");
  notes_->ways[2] = without_address("second");
  start({}, {all_priorities, {1, 2}});
  ASSERT_TRUE(ends());
  EXPECT_EQ(notes_->all_asked(), (std::vector<std::vector<uint64_t>>{{1, 2}, {2}}));
  EXPECT_EQ(notes_->all_failed(), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(notes_->routes_asked.load(), 0u); // no look-up of the domain
  EXPECT_TRUE(notes_->rests.load());
  const auto waiting = recipients_of(7);
  ASSERT_EQ(waiting.size(), 1u); // no bounce
  EXPECT_EQ(waiting.front().attempts, 1u);
  EXPECT_EQ(waiting.front().misses, 0u);
  EXPECT_NE(waiting.front().last_reply.find("second"), std::string::npos) << waiting.front().last_reply;
}

TEST_F(Destination, GoesToThePrimaryOfItsDomainAndThroughNoGateway) {
  put(7);
  incoming_gateway branch;
  branch.name = "branch";
  branch.settings.addresses = {*conf::parse_network("192.0.2.8")};
  branch.settings.domain_verification = conf::domain_verification::mx; // others say which domains it has
  with_->gateways->set({{}, {branch}});
  notes_->way.gateway = "branch";
  start({}, {all_priorities, {1}});
  ASSERT_TRUE(ends());
  EXPECT_EQ(notes_->routes_asked.load(), 1u);
  EXPECT_TRUE(notes_->all_asked().empty());
  EXPECT_EQ(recipients_of(7).front().attempts, 1u);
}

TEST_F(Destination, CountsNoAttemptWhereNoGatewayCouldBeTriedForWantOfSomethingHere) {
  put(7);
  notes_->ways[1].failed = own_trouble(stage::routing, "Not here");
  start({}, {all_priorities, {1}});
  ASSERT_TRUE(ends());
  EXPECT_TRUE(notes_->all_failed().empty());
  EXPECT_EQ(recipients_of(7).front().attempts, 0u);
}

TEST_F(Destination, ThatAGatewayMayNotHaveWhatRequiresTlsIsNothingAgainstIt) {
  put_wished(8, smtp::tls_wish::required);
  next_hop hop;
  hop.host = hop.address = "127.0.0.1";
  hop.tls = smtp_client::tls_policy::never;
  notes_->ways[1].hops = notes_->ways[2].hops = {hop};
  start({}, {all_priorities, {1, 2}});
  ASSERT_TRUE(ends());
  EXPECT_EQ(notes_->all_asked(), (std::vector<std::vector<uint64_t>>{{1, 2}, {2}}));
  EXPECT_TRUE(notes_->all_failed().empty());
  EXPECT_TRUE(recipients_of(8).empty());
  EXPECT_FALSE(notes_->rests.load());
}

TEST_F(Destination, LeavesOtherPrioritiesToOthers) {
  put(7); // of the usual priority
  start({}, {priority_set(all_priorities & ~(1 << storage::usual_priority)), {}});
  ASSERT_TRUE(ends());
  EXPECT_EQ(notes_->routes_asked.load(), 0u);
  EXPECT_EQ(recipients_of(7).front().attempts, 0u);
}

TEST_F(Destination, SendsNothingMoreWhenItsLaneIsNoneAnyMore) {
  put(7);
  start_with_a_look_under_way();
  outgoing_gateway made;
  made.number = 1;
  made.settings.priority_to = 1;
  with_->gateways->set({{made}, {}});
  caf::anon_send(readers_, atom::flush::value);
  ASSERT_TRUE(ends());
  EXPECT_TRUE(notes_->is_outdated.load());
  EXPECT_EQ(notes_->routes_asked.load(), 0u);
  EXPECT_EQ(recipients_of(7).front().attempts, 0u);
}

TEST_F(Destination, LosesNoAttemptByATryBeforeItsTime) {
  const auto later = wall_clock() + std::chrono::hours(1);
  put_waiting(7, 2, later);
  start();
  ASSERT_TRUE(ends()); // nothing is due
  EXPECT_EQ(notes_->routes_asked.load(), 0u);
  put(8);
  caf::anon_send(destination_, all_due{});
  ASSERT_TRUE(eventually([&] { return recipients_of(8).front().attempts == 1; }));
  ASSERT_TRUE(eventually([&] { return notes_->ends > 1; }));
  EXPECT_EQ(recipients_of(7).front().attempts, 2u);
  EXPECT_EQ(recipients_of(7).front().due_at, later);
  EXPECT_EQ(storage::read_due(*store_, {}, storage::end_of_time, 10, storage::reach::disk)->rows.size(), 2u);
}

TEST_F(Destination, TriesEarlyOnlyWhatWaitsForItsNextAttempt) {
  put_waiting(7, 0, wall_clock() + std::chrono::hours(1)); // held on purpose
  start();
  ASSERT_TRUE(ends());
  caf::anon_send(destination_, all_due{});
  ASSERT_TRUE(eventually([&] { return notes_->ends > 1; }));
  EXPECT_EQ(notes_->routes_asked.load(), 0u);
  put_waiting(8, 1, wall_clock() + std::chrono::hours(1));
  caf::anon_send(destination_, all_due{});
  EXPECT_TRUE(eventually([&] { return notes_->routes_asked == 1; }));
}

TEST_F(Destination, CountsTheAttemptsAfterTheClockWentBack) {
  put_waiting(7, 1, wall_clock() + std::chrono::days(365));
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(recipients_of(7).front().attempts, 2u);
}

TEST_F(Destination, WaitsForAPrimaryAsItsGatewaySays) {
  put(7);
  notes_->way.gateway = "branch";
  notes_->way.retry_intervals = {std::chrono::minutes(7)};
  start();
  ASSERT_TRUE(ends());
  const auto who = recipients_of(7).front();
  EXPECT_EQ(who.attempts, 1u);
  EXPECT_LE(who.due_at, wall_clock() + std::chrono::minutes(7));
  EXPECT_GT(who.due_at, wall_clock() + std::chrono::minutes(6));
}

TEST_F(Destination, DoesNotStopBeforeWhatTheDiskRefusedIsWritten) {
  put(7);
  ask<testing::held>(committer_, testing::hold_batches{});
  start();
  ask<testing::held>(committer_, testing::await_held{1});
  ask<testing::held>(committer_, testing::break_batches{});
  caf::anon_send(destination_, atom::drain::value);
  ASSERT_TRUE(ends());
  EXPECT_EQ(recipients_of(7).front().attempts, 1u);
}

} // namespace
} // namespace stagepost::outbound
