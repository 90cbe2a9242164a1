#pragma once

#include "actors/delivery/responder.hpp"
#include "protocols/base/queue_id.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::delivery {

/// Three users, one in each shard, who have their mail answered.
class responder_fixture : public testing::tree_fixture {
protected:
  responder_fixture() {
    must(domain::create_domain{"example.org"});
    for (const auto* name : {"alice", "bob", "carol"}) {
      add_user(address(name));
      must(domain::change_user{address(name),
                               {{"auto_responder_enabled", "true"},
                                {"auto_responder_subject", "Away"},
                                {"auto_responder_text", "I am on holiday."}}});
    }
    must(domain::change_settings{{{"auto_responder.restriction", "unrestricted"}}});
  }
  static std::string address(const std::string& user) { return user + "@example.org"; }
  /// To that user in person.
  spool::accept_message letter(const std::string& user,
                               const std::string& sender = "sender@elsewhere.example",
                               const std::string& more = {}) {
    auto what = message(0, {address(user)},
                        more + "From: " + sender + "\r\nTo: " + address(user) +
                            "\r\nSubject: hi\r\nMessage-ID: <1@elsewhere.example>\r\n\r\nhi\r\n");
    what.envelope.sender = sender;
    return what;
  }
  queue_id send(const spool::accept_message& what) { return accept(0, what); }
  /// What waits in any shard for other servers: the replies.
  std::vector<std::pair<size_t, spool::queued_message>> replies() {
    await_deliveries();
    std::vector<std::pair<size_t, spool::queued_message>> all;
    for (size_t i = 0; i < shard_count; ++i)
      for (auto& each : queued(i)) all.emplace_back(i, std::move(each));
    return all;
  }
  std::map<std::string, std::string> facts(size_t shard, queue_id id, storage::trace_kind kind) {
    const auto trace = storage::read_trace(*shards_[shard], id, storage::reach::disk);
    if (trace)
      for (const auto& step : *trace)
        if (step.kind == kind) return {step.facts.begin(), step.facts.end()};
    return {};
  }
  std::string why_not(queue_id id) {
    EXPECT_TRUE(eventually([&] { return !facts(0, id, storage::trace_kind::not_replied).empty(); }));
    auto found = facts(0, id, storage::trace_kind::not_replied);
    return found["why"];
  }
  bool was_replied(queue_id id) {
    return eventually([&] { return !facts(0, id, storage::trace_kind::replied).empty(); });
  }
};

} // namespace stagepost::delivery
