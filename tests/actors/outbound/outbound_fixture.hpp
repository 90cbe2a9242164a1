#pragma once

#include "actors/envelope_record.hpp"
#include "actors/outbound/destination.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/held_committer.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace stagepost::outbound {

/// Readers who read at once, but answer only when they are told to: after `stop` not before `flush`.
/// `status`: how often they were asked.
using late_readers_actor =
    offload::pool_actor::extend<caf::reacts_to<atom::stop>, caf::reacts_to<atom::flush>,
                                caf::replies_to<atom::status>::with<uint64_t>>;

struct late_readers_state {
  std::deque<caf::typed_response_promise<offload::work_done>> late; // not behind `holding`: see held_readers
  bool holding = false;
  uint64_t orders = 0;
};

inline late_readers_actor::behavior_type
late_readers(late_readers_actor::stateful_pointer<late_readers_state> self) {
  return {
      [self](const offload::run_work& what) -> caf::result<offload::work_done> {
        ++self->state.orders;
        what.work->run();
        if (!self->state.holding) return offload::work_done{};
        auto answer = self->make_response_promise<offload::work_done>();
        self->state.late.push_back(answer);
        return answer;
      },
      [self](atom::stop) { self->state.holding = true; },
      [self](atom::flush) {
        self->state.holding = false;
        for (auto& each : std::exchange(self->state.late, {})) each.deliver(offload::work_done{});
      },
      [self](atom::status) { return self->state.orders; },
  };
}

/// What the actors around a destination were told, for the test to look at.
struct journal {
  std::atomic<size_t> routes_asked = 0;
  std::atomic<size_t> ends = 0;
  std::atomic<bool> rests = false;          ///< as the last end said
  outbound::route way;                      ///< for whoever asks; set before
  std::map<uint64_t, outbound::route> ways; ///< through gateways; the same
  /// What the directory says, by domain, one answer after the other; the last one stays. Set before.
  std::map<std::string, std::deque<domain::way_out_found>> ways_out;
  std::atomic<bool> is_outdated = false;    ///< as the last end said
  std::mutex guard;                         ///< of what follows
  std::vector<std::vector<uint64_t>> asked; ///< the gateways of each question for a slot
  std::vector<uint64_t> failed;             ///< those that were said to have failed

  std::vector<std::vector<uint64_t>> all_asked() {
    const std::lock_guard hold(guard);
    return asked;
  }
  std::vector<uint64_t> all_failed() {
    const std::lock_guard hold(guard);
    return failed;
  }
};
using journal_ptr = std::shared_ptr<journal>;

inline router_actor::behavior_type known_way(router_actor::pointer, journal_ptr notes) {
  return {
      [](const explain_route&) { return route_explained{}; },
      [notes](const find_route&) {
        ++notes->routes_asked;
        return notes->way;
      },
      [notes](const find_gateway& what) {
        const auto known = notes->ways.find(what.number);
        return known == notes->ways.end() ? notes->way : known->second;
      },
  };
}

/// The directory as far as a delivery asks it for ways out.
inline caf::behavior directory_of_ways(caf::event_based_actor*, journal_ptr notes) {
  return {[notes](const domain::find_way_out& what) {
    const auto known = notes->ways_out.find(what.domain);
    if (known == notes->ways_out.end()) return domain::way_out_found{true, {}};
    auto& answers = known->second;
    const auto first = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return first;
  }};
}

inline foreman_actor::behavior_type lenient_foreman(foreman_actor::pointer, journal_ptr notes) {
  return {
      [notes](const take_slot& what) {
        const std::lock_guard hold(notes->guard);
        notes->asked.push_back(what.gateways);
        slot_granted granted;
        if (!what.gateways.empty()) granted.gateway = what.gateways.front();
        granted.why = "gateway " + std::to_string(granted.gateway);
        return granted;
      },
      [](const slot_in_use&) {},
      [notes](const return_slot& what) {
        const std::lock_guard hold(notes->guard);
        if (what.gateway_failed) notes->failed.push_back(what.gateway);
      },
      [notes](const nothing_due& what) {
        notes->rests = what.failed;
        notes->is_outdated = what.is_outdated;
        ++notes->ends;
      },
      [](const look_whether_done&) {},
  };
}

/// One shard with messages for a destination, and doubles of all that a destination asks.
class outbound_fixture : public testing::actor_fixture {
protected:
  outbound_fixture() {
    committer_ = system_->spawn(testing::held_committer, store_);
    readers_ = system_->spawn(late_readers);
    foreman_ = system_->spawn(lenient_foreman, notes_);
    auto made = std::make_shared<setup>();
    auto& shard = made->shards.emplace_back();
    shard.with.store = store_;
    shard.with.committer = committer_;
    shard.with.readers = readers_;
    router_ = system_->spawn(known_way, notes_);
    made->router = router_;
    directory_ = system_->spawn(directory_of_ways, notes_);
    made->directory = caf::actor_cast<domain::directory_actor>(directory_);
    made->settings = std::make_shared<live_settings>(conf::system_settings{});
    made->counters = std::make_shared<metrics::counters>();
    made->host_name = "mail.test";
    with_ = made;
  }

  ~outbound_fixture() override {
    with_.reset();
    end(std::exchange(directory_, nullptr));
    end(std::exchange(router_, nullptr));
    end(std::exchange(foreman_, nullptr));
    end(std::exchange(readers_, nullptr));
    end(std::exchange(committer_, nullptr));
  }

  void commit(storage::batch& b) {
    storage::batch* const all[] = {&b};
    ASSERT_TRUE(store_->commit(all).front());
  }

  /// From nobody, unless `sender` says otherwise, so that nobody gets a report.
  void put(uint64_t number, instant accepted_at = wall_clock(), const std::string& sender = {}) {
    storage::batch b(*store_);
    storage::spool_record message;
    message.id = queue_id{number};
    message.body = store_->next_blob();
    message.accepted_at = accepted_at;
    smtp::envelope envelope;
    envelope.sender = sender;
    message.envelope = encode_envelope(envelope);
    message.recipients = 1;
    storage::spool_recipient to;
    to.address = "b@x.test";
    to.state = storage::recipient_state::remote;
    storage::put_chunk(b, message.body, 0, "x", true);
    storage::put_blob(b, message.body, {1, 1, {}});
    storage::put_reference(b, message.body, storage::blob_owner::spool, number, 0);
    storage::put_spool(b, message);
    storage::put_recipient(b, message.id, to);
    commit(b);
  }

  /// With a sender, whom nobody tells of anything.
  void put_wished(uint64_t number, smtp::tls_wish wish, const std::string& sender = "a@client.test") {
    storage::batch b(*store_);
    smtp::envelope envelope;
    envelope.sender = sender;
    envelope.tls = wish;
    storage::spool_record message;
    message.id = queue_id{number};
    message.body = store_->next_blob();
    message.accepted_at = wall_clock();
    message.envelope = encode_envelope(envelope);
    message.sender = sender;
    message.recipients = 1;
    storage::spool_recipient to;
    to.address = "b@x.test";
    to.notify = smtp::notify_never;
    to.state = storage::recipient_state::remote;
    storage::put_chunk(b, message.body, 0, "x", true);
    storage::put_blob(b, message.body, {1, 1, {}});
    storage::put_reference(b, message.body, storage::blob_owner::spool, number, 0);
    storage::put_spool(b, message);
    storage::put_recipient(b, message.id, to);
    commit(b);
  }

  std::vector<storage::spool_recipient> recipients_of(uint64_t number) {
    return storage::read_recipients(*store_, queue_id{number}, 0, 10, storage::reach::disk)->recipients;
  }

  testing::temporary_folder folder_;
  std::shared_ptr<storage::store> store_ = testing::open_store(storage::store_kind::shard, folder_.path());
  journal_ptr notes_ = std::make_shared<journal>();
  testing::held_committer_actor committer_;
  late_readers_actor readers_;
  router_actor router_;
  caf::actor directory_;
  foreman_actor foreman_;
  setup_ptr with_;
};

} // namespace stagepost::outbound
