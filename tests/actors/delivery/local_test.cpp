#include "actors/delivery/local.hpp"

#include "storage/blobs.hpp"
#include "storage/verify.hpp"
#include "tests/support/tree_fixture.hpp"

#include <future>
#include <map>
#include <set>
#include <vector>

namespace stagepost::delivery {
namespace {

class LocalDelivery : public testing::tree_fixture {
protected:
  LocalDelivery() {
    must(domain::create_domain{"example.org"});
    for (const auto* name : {"alice", "bob", "carol"}) add_user(std::string(name) + "@example.org");
  }
  /// A user whose mail is not in shard 0.
  std::string somebody_elsewhere() {
    for (const auto* name : {"alice", "bob", "carol"})
      if (find(std::string(name) + "@example.org").target.shard != 0)
        return std::string(name) + "@example.org";
    return {};
  }
};

TEST_F(LocalDelivery, ReachesTheMailboxesOfAllShards) {
  std::set<uint8_t> shards;
  for (const auto* name : {"alice", "bob", "carol"})
    shards.insert(find(std::string(name) + "@example.org").target.shard);
  ASSERT_EQ(shards.size(), 3u);
  accept(0, message(0, {"alice@example.org", "bob@example.org", "carol@example.org"},
                    "Subject: to all\r\n\r\n"));
  await_deliveries();
  for (const auto* name : {"alice", "bob", "carol"}) {
    const auto target = find(std::string(name) + "@example.org").target;
    const auto folders = storage::read_folders(*shards_[target.shard], target.account, storage::reach::disk);
    ASSERT_TRUE(folders);
    for (const auto& each : *folders) {
      if (each.name != "INBOX") continue;
      const auto message =
          storage::read_message(*shards_[target.shard], each.id, uid{1}, storage::reach::disk);
      ASSERT_TRUE(message) << name;
      EXPECT_EQ(*storage::read_body(*shards_[target.shard], message->body, 0, 100, storage::reach::disk),
                "Subject: to all\r\n\r\n");
    }
  }
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(LocalDelivery, CopiesALargeBodyPieceByPiece) {
  const auto who = somebody_elsewhere();
  auto what = message(0, {who}, std::string(1000, 'z'));
  what.chunks = 3;
  what.size_bytes = 2 * storage::body_chunk_bytes + 1000;
  committer::commit_batch pieces{std::make_shared<storage::batch>(*shards_[0]), nullptr};
  storage::put_chunk(*pieces.changes, what.body, 0, std::string(storage::body_chunk_bytes, 'x'), false);
  storage::put_chunk(*pieces.changes, what.body, 1, std::string(storage::body_chunk_bytes, 'y'), false);
  ask<committer::committed>(tree_.shards[0].with.committer, pieces);
  accept(0, what);
  await_deliveries();
  EXPECT_EQ(messages_of(who), 1u);
  expect_sound(); // with all pieces against their checksums
}

TEST_F(LocalDelivery, CopiesABodyOnceForAllRecipientsOfAShard) {
  for (const auto* name : {"dora", "emil", "frida", "gustav", "hanna", "ida"})
    add_user(std::string(name) + "@example.org");
  const std::vector<std::string> all{"alice@example.org",  "bob@example.org",   "carol@example.org",
                                     "dora@example.org",   "emil@example.org",  "frida@example.org",
                                     "gustav@example.org", "hanna@example.org", "ida@example.org"};
  accept(0, message(0, all, "Subject: to all\r\n\r\n"));
  await_deliveries();
  for (const auto& shard : shards_) {
    const auto report = storage::verify(*shard, {});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->bodies, 1u) << shard->folder();
    EXPECT_EQ(report->messages, 3u) << shard->folder();
  }
  expect_sound();
}

/// Readers whose second piece of work waits until somebody opens.
offload::pool_actor::behavior_type slow_readers(offload::pool_actor::pointer,
                                                std::shared_future<void> opened) {
  return {[opened, asked = 0](const offload::run_work& what) mutable {
    if (++asked == 2) opened.wait();
    what.work->run();
    return offload::work_done{};
  }};
}

TEST_F(LocalDelivery, CopiesABodyOnceHoweverLateARecipientIsReadyForIt) {
  const auto there = somebody_elsewhere();
  const auto first = find(there).target;
  std::string second;
  for (const auto* name : {"dora", "emil", "frida", "gustav"}) {
    add_user(std::string(name) + "@example.org");
    if (find(std::string(name) + "@example.org").target.shard == first.shard)
      second = std::string(name) + "@example.org";
  }
  ASSERT_FALSE(second.empty());
  std::promise<void> open;
  const auto slow = system_->spawn<caf::detached>(slow_readers, open.get_future().share());
  std::vector<shard> shards;
  for (const auto& each : tree_.shards) shards.push_back({each.with, each.accounts});
  shards[first.shard].with.readers = slow;
  const local_actor local_delivery = caf::actor_cast<local_actor>(system_->spawn(local, shards, size_t(0)));
  deliver_locally order;
  const auto accepted = message(0, {there, second});
  order.message.id = accepted.id;
  order.message.body = accepted.body;
  order.message.size_bytes = accepted.size_bytes;
  committer::commit_batch body{std::make_shared<storage::batch>(*shards_[0]), nullptr};
  storage::put_chunk(*body.changes, accepted.body, 0, *accepted.last_chunk, true);
  storage::put_blob(*body.changes, accepted.body, {accepted.size_bytes, 1, {}});
  storage::put_reference(*body.changes, accepted.body, storage::blob_owner::spool, accepted.id.value, 0);
  ask<committer::committed>(tree_.shards[0].with.committer, body);
  caf::scoped_actor self(*system_);
  const auto deliver = [&](const std::string& address, uint32_t index) {
    order.recipient.index = index;
    order.recipient.account = find(address).target.account;
    order.recipient.shard = first.shard;
    return self->request(local_delivery, testing::patience, order);
  };
  auto one = deliver(there, 0);
  auto other = deliver(second, 1);
  const auto expect_delivered = [](auto& answer) {
    answer.receive([](const delivery_result& result) { EXPECT_EQ(result.kind, result_kind::delivered); },
                   [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  };
  expect_delivered(one);
  open.set_value();
  expect_delivered(other);
  const auto report = storage::verify(*shards_[first.shard], {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 2u);
  EXPECT_EQ(report->bodies, 1u);
}

TEST_F(LocalDelivery, IsNotRepeatedAfterACrashBeforeItWasNoted) {
  const auto who = find(somebody_elsewhere()).target;
  // The other shard has the message and its note; this one still believes that it waits.
  const auto what = message(0, {somebody_elsewhere()});
  committer::commit_batch note{std::make_shared<storage::batch>(*shards_[who.shard]), nullptr};
  storage::put_delivered(*note.changes, what.id, 0, {});
  ask<committer::committed>(tree_.shards[who.shard].with.committer, note);
  accept(0, what);
  await_deliveries();
  EXPECT_EQ(messages_of(somebody_elsewhere()), 0u); // not once more
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_TRUE(eventually([&] {
    return !storage::read_delivered(*shards_[who.shard], what.id, 0, storage::reach::disk)->has_value();
  }));
  expect_sound();
}

TEST_F(LocalDelivery, GoesIntoTheFolderBehindThePlusOrTheInbox) {
  const auto account = account_of(find("alice@example.org").target);
  ask<mailbox::outcome_answer>(account, imap::create_mailbox{"lists", imap::special_use::none});
  accept(0, {"alice+lists@example.org"});
  accept(0, {"alice+nowhere@example.org"});
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org", "lists"), 1u);
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
}

TEST_F(LocalDelivery, MakesNoMailboxForAUserWhoWasDeletedMeanwhile) {
  for (const auto* name : {"alice", "bob", "carol"}) { // one in each shard
    deliver_locally order;
    order.recipient.account = find(std::string(name) + "@example.org").target.account;
    order.recipient.shard = find(std::string(name) + "@example.org").target.shard;
    const auto accepted = message(0, {std::string(name) + "@example.org"});
    order.message.id = accepted.id;
    order.message.body = accepted.body;
    ask<mailbox::outcome_answer>(tree_.shards[order.recipient.shard].accounts,
                                 mailbox::erase_account{order.recipient.account});
    const auto answer = ask<delivery_result>(tree_.shards[order.recipient.shard].local, order);
    EXPECT_EQ(answer.kind, result_kind::no_mailbox) << name;
    EXPECT_TRUE(
        storage::read_folders(*shards_[order.recipient.shard], order.recipient.account, storage::reach::disk)
            ->empty());
  }
}

/// A backup, as far as local delivery sees it.
class Holder {
public:
  Holder(caf::actor_system& system, const supervisor::tree& tree) : self_(system) {
    for (const auto& each : tree.shards) crossings_.push_back(caf::actor_cast<crossing_actor>(each.local));
    for (const auto& each : crossings_)
      self_->request(each, testing::patience, hold_crossings{})
          .receive([](crossings_held) {},
                   [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  }
  void release() {
    for (const auto& each : crossings_) self_->send(each, release_crossings{});
  }

private:
  caf::scoped_actor self_;
  std::vector<crossing_actor> crossings_;
};

TEST_F(LocalDelivery, CrossesToNoOtherShardWhileABackupIsMade) {
  const auto here = [&] {
    for (const auto* name : {"alice", "bob", "carol"})
      if (find(std::string(name) + "@example.org").target.shard == 0)
        return std::string(name) + "@example.org";
    return std::string();
  }();
  const auto there = somebody_elsewhere();
  Holder backup(*system_, tree_);
  accept(0, {there});
  accept(0, {here});
  EXPECT_TRUE(eventually([&] { return messages_of(here) == 1; })) << "within a shard all goes on";
  EXPECT_EQ(messages_of(there), 0u);
  const auto waiting = queued(0);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].recipients.at(0).address, there);
  backup.release();
  await_deliveries();
  EXPECT_EQ(messages_of(there), 1u);
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(LocalDelivery, CrossesAgainWhenWhoeverMadeTheBackupIsGone) {
  {
    Holder backup(*system_, tree_);
    accept(0, {somebody_elsewhere()});
    EXPECT_EQ(queued(0).size(), 1u);
  }
  await_deliveries();
  EXPECT_EQ(messages_of(somebody_elsewhere()), 1u);
}

TEST_F(LocalDelivery, WaitsForTwoWhoHoldIt) {
  Holder first(*system_, tree_);
  Holder second(*system_, tree_);
  accept(0, {somebody_elsewhere()});
  first.release();
  Holder third(*system_, tree_); // answered behind the release
  EXPECT_EQ(messages_of(somebody_elsewhere()), 0u);
  second.release();
  third.release();
  await_deliveries();
  EXPECT_EQ(messages_of(somebody_elsewhere()), 1u);
}

TEST_F(LocalDelivery, AHeldMomentFindsEachMessageInOneShardOnly) {
  std::vector<std::string> everybody;
  for (const auto* name : {"alice", "bob", "carol"}) everybody.push_back(std::string(name) + "@example.org");
  for (int i = 0; i < 60; ++i) accept(size_t(i) % shard_count, everybody);
  for (int round = 0; round < 10; ++round) {
    Holder backup(*system_, tree_);
    // Sixty for each, those that wait in any spool and those that arrived, whatever was under way when we
    // asked.
    std::map<std::string, uint64_t> seen;
    for (size_t shard = 0; shard < shard_count; ++shard) {
      const auto waiting = storage::read_spool_page(*shards_[shard], queue_id{}, 1000, storage::reach::disk);
      ASSERT_TRUE(waiting);
      for (const auto& message : waiting->messages) {
        const auto page = storage::read_recipients(*shards_[shard], message.id, 0, 100, storage::reach::disk);
        ASSERT_TRUE(page);
        for (const auto& each : page->recipients)
          if (each.shard != shard) ++seen[each.address];
      }
    }
    for (const auto& address : everybody) {
      const auto target = find(address).target;
      uint64_t crossed = 0;
      const auto folders =
          storage::read_folders(*shards_[target.shard], target.account, storage::reach::disk);
      ASSERT_TRUE(folders);
      for (const auto& folder : *folders) {
        const auto pages = storage::read_pages(*shards_[target.shard], folder.id, storage::reach::disk);
        ASSERT_TRUE(pages);
        for (const auto& page : *pages)
          for (const auto& entry : page->entries) {
            const auto message =
                storage::read_message(*shards_[target.shard], folder.id, entry.uid, storage::reach::disk);
            ASSERT_TRUE(message);
            // The queue number says whose spool it was in.
            if ((message->queue_id.value >> 14 & 0xff) != target.shard) ++crossed;
          }
      }
      EXPECT_EQ(crossed + seen[address], 40u) << address << ", round " << round;
    }
    backup.release();
  }
  await_deliveries();
  expect_sound();
}

TEST_F(LocalDelivery, SaysSoWhenThereIsNoSuchShard) {
  deliver_locally order;
  order.recipient.shard = 200;
  const auto answer = ask<delivery_result>(tree_.shards[0].local, order);
  EXPECT_EQ(answer.kind, result_kind::failed);
  EXPECT_EQ(answer.text, "451 4.3.5 no such shard");
}

} // namespace
} // namespace stagepost::delivery
