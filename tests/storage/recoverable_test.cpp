#include "storage/recoverable.hpp"

#include "protocols/base/text.hpp"
#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr mailbox_id folder{7};
constexpr account_id account{3};
constexpr account_id neighbour{4};

instant at(int64_t seconds) { return from_unix_milliseconds(seconds * 1000); }

class Recoverable : public store_fixture {
protected:
  /// Messages with these UIDs that were expunged at that time.
  void expunge(uint32_t first, uint32_t last, instant when, account_id of = account,
               mailbox_id from = folder) {
    batch b(*store_);
    recoverable_group head;
    head.folder = from;
    head.account = of;
    head.expunged_at = when;
    head.folder_name = "INBOX";
    std::vector<recoverable_message> messages;
    for (uint32_t number = first; number <= last; ++number) {
      recoverable_message one;
      one.uid = uid{number};
      one.message.body = put_body(b, "content", from, uid{number});
      one.message.size_bytes = 7;
      messages.push_back(one);
    }
    keep_recoverable(b, head, messages);
    must_commit(b);
  }

  std::vector<recoverable_sum> kept(account_id of = account, recoverable_place from = {}) {
    const auto found = read_recoverable(*store_, of, from, 1000, reach::disk);
    EXPECT_TRUE(found);
    return found ? *found : std::vector<recoverable_sum>{};
  }

  size_t purge(instant end, size_t limit = 100) {
    batch b(*store_);
    const auto purged = purge_recoverable(b, *store_, end, limit);
    EXPECT_TRUE(purged);
    must_commit(b);
    return purged->groups;
  }

  std::string findings() {
    const auto report = verify(*store_, {});
    std::string all;
    for (const auto& each : report->findings) all += each.where + ": " + each.what + "\n";
    return all;
  }
};

TEST_F(Recoverable, RecordsAreGoldenOctets) {
  recoverable_group group;
  group.folder = folder;
  group.account = account;
  group.expunged_at = from_unix_milliseconds(64);
  group.folder_name = "F";
  group.keywords = {"k"};
  group.messages = {
      {uid{5},
       {blob_id{8}, 1000, from_unix_milliseconds(1000), from_unix_milliseconds(-1), stagepost::queue_id{128}},
       flag_seen,
       1}};
  EXPECT_EQ(to_hex(encode(group)), "01038001014601016b010508e807d00f0180010101");
  const auto read = decode_recoverable(folder, encode(group));
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), encode(group));
  EXPECT_EQ(to_hex(encode(recoverable_sum{{}, 2, 300})), "0102ac02");
  group.messages.clear();
  EXPECT_FALSE(decode_recoverable(folder, encode(group)));
}

TEST_F(Recoverable, MessagesAreKeptPageByPageWithTheirBodies) {
  expunge(1, 150, at(100));
  const auto sums = kept();
  ASSERT_EQ(sums.size(), 3u);
  EXPECT_EQ(sums[0].messages, 63u);
  EXPECT_EQ(sums[1].messages, 64u);
  EXPECT_EQ(sums[2].messages, 23u);
  EXPECT_EQ(sums[1].size_bytes, 64u * 7);
  EXPECT_EQ(*sum_recoverable(*store_, account, reach::disk), 150u * 7);
  EXPECT_EQ(*sum_recoverable(*store_, neighbour, reach::disk), 0u);
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(verify(*store_, {})->recoverable, 150u);
  ASSERT_TRUE(store_->collect(1000));
  const auto group = read_recoverable(*store_, sums[2].place, reach::disk);
  ASSERT_TRUE(group);
  EXPECT_EQ(*read_body(*store_, group->messages.back().message.body, 0, 7, reach::disk), "content");
}

TEST_F(Recoverable, AreFoundByAccountInOrderOfTime) {
  expunge(10, 11, at(200));
  expunge(1, 2, at(100));
  expunge(5, 5, at(150), neighbour, mailbox_id{8});
  const auto all = kept();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].place, (recoverable_place{at(100), folder, uid{1}}));
  EXPECT_EQ(all[1].place, (recoverable_place{at(200), folder, uid{10}}));
  EXPECT_EQ(kept(account, {at(101), {}, {}}).size(), 1u);
  EXPECT_EQ(kept(account, after(all[0].place)).size(), 1u);
  EXPECT_EQ(kept(account, after(all[1].place)).size(), 0u);
  EXPECT_EQ(kept(neighbour).size(), 1u);
  EXPECT_EQ(findings(), "");
}

TEST_F(Recoverable, ArePurgedOldestFirstInSteps) {
  expunge(1, 1, at(100));
  expunge(2, 2, at(50), neighbour, mailbox_id{8});
  expunge(3, 3, at(200));
  EXPECT_EQ(purge(at(50)), 0u) << "not before their time";
  EXPECT_EQ(purge(at(150), 1), 1u);
  EXPECT_TRUE(kept(neighbour).empty());
  EXPECT_EQ(kept().size(), 2u);
  EXPECT_EQ(purge(at(150), 1), 1u);
  EXPECT_EQ(purge(at(150), 1), 0u);
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(*store_->collect(100), 2u);
  EXPECT_EQ(verify(*store_, {})->bodies, 1u) << "the bodies have gone with them";
  EXPECT_EQ(findings(), "");
}

TEST_F(Recoverable, ADamagedOneDoesNotKeepTheOthersFromGoing) {
  expunge(1, 1, at(100));
  expunge(2, 2, at(101));
  batch b(*store_);
  batch_access::put(b, family::recoverable, key::recoverable(folder, uid{1}), "\x01?");
  must_commit(b);
  EXPECT_EQ(purge(at(200)), 1u);
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_NE(findings().find("recoverable 7: "), std::string::npos);
}

TEST_F(Recoverable, OfAnErasedAccountGoInSteps) {
  for (uint32_t number = 1; number <= 5; ++number) expunge(number, number, at(number));
  expunge(9, 9, at(100), neighbour);
  batch note(*store_);
  forget_recoverable(note, account);
  must_commit(note);
  ASSERT_EQ(*read_forgotten(*store_, 10, reach::disk), std::vector{account});
  size_t steps = 0;
  for (bool ended = false; !ended; ++steps) {
    batch step(*store_);
    ended = *delete_forgotten(step, *store_, account, 2);
    must_commit(step);
  }
  EXPECT_EQ(steps, 3u);
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(kept(neighbour).size(), 1u);
  EXPECT_TRUE(read_forgotten(*store_, 10, reach::disk)->empty());
  EXPECT_EQ(findings(), "");
}

TEST_F(Recoverable, ADeletedFolderLeavesItsMessages) {
  batch b(*store_);
  const folder_record record{folder, "Work", uid_validity{1}, 0, true};
  put_folder(b, account, record);
  mailbox_page page{1, {}};
  for (uint32_t number = 66; number <= 70; ++number) {
    put_message(b, folder, uid{number}, {put_body(b, "content", folder, uid{number}), 7, {}, {}, {}});
    page.entries.push_back({uid{number}, flag_seen | flag_deleted, 1, modseq{2}});
  }
  put_page(b, folder, page);
  put_counters(b, folder, {uid{71}, modseq{2}, 5, 0, 5, 35, {"$Work"}});
  must_commit(b);
  batch gone(*store_);
  retire_folder(gone, account, record, at(500));
  must_commit(gone);
  for (bool ended = false; !ended;) {
    batch step(*store_);
    ended = *delete_contents(step, *store_, folder, 2);
    must_commit(step);
    EXPECT_EQ(findings(), "");
  }
  const auto sums = kept();
  ASSERT_EQ(sums.size(), 3u);
  EXPECT_EQ(sums[0].place, (recoverable_place{at(500), folder, uid{66}}));
  const auto group = read_recoverable(*store_, sums[0].place, reach::disk);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->folder_name, "Work");
  EXPECT_EQ(group->keywords, std::vector<std::string>{"$Work"});
  EXPECT_EQ(group->messages[0].flags, uint32_t(flag_seen)) << "what comes back is not deleted";
  EXPECT_EQ(group->messages[0].keywords, 1u);
  EXPECT_TRUE(read_doomed(*store_, 10, reach::disk)->empty());
}

TEST_F(Recoverable, ADeletedFolderOfAnErasedAccountLeavesNothing) {
  batch b(*store_);
  put_message(b, folder, uid{1}, {put_body(b, "content", folder, uid{1}), 7, {}, {}, {}});
  retire_folder(b, account, {folder, "Work", uid_validity{1}, 0, true}, at(500));
  put_erased(b, account);
  must_commit(b);
  batch step(*store_);
  ASSERT_TRUE(*delete_contents(step, *store_, folder, 10));
  must_commit(step);
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(findings(), "");
}

TEST_F(Recoverable, LastsOverAPowerCut) {
  expunge(1, 70, at(100));
  lose_power(1);
  EXPECT_EQ(kept().size(), 2u);
  EXPECT_EQ(findings(), "");
}

TEST_F(Recoverable, VerifyFindsALostReferenceAndLostRows) {
  expunge(1, 2, at(100));
  const auto group = read_recoverable(*store_, kept().front().place, reach::disk);
  batch b(*store_);
  drop_reference(b, group->messages[0].message.body, blob_owner::mailbox, folder.value, 1);
  batch_access::remove(b, family::recoverable, key::recoverable_at(place_of(*group)));
  batch_access::put(b, family::recoverable, key::recoverable_of(account, place_of(*group)),
                    encode(recoverable_sum{{}, 2, 13}));
  batch_access::put(b, family::recoverable, key::recoverable_at({at(1), folder, uid{500}}), {});
  must_commit(b);
  const auto all = findings();
  for (const auto* each : {"expunged message 1 has no reference to its body",
                           "the expunged messages from 1 on of mailbox 7 would", "are counted wrongly",
                           "the expunged messages from 500 on of mailbox 7 are not there"})
    EXPECT_NE(all.find(each), std::string::npos) << each << " in " << all;
}

TEST_F(Recoverable, VerifyFindsAMessageThatIsInItsFolderAsWell) {
  expunge(1, 1, at(100));
  const auto group = read_recoverable(*store_, kept().front().place, reach::disk);
  batch b(*store_);
  put_message(b, folder, uid{1}, group->messages[0].message);
  must_commit(b);
  EXPECT_NE(findings().find("expunged message 1 is in its folder as well"), std::string::npos);
}

TEST_F(Recoverable, AgeIsRemembered) {
  EXPECT_EQ(read_recoverable_age(*store_, reach::disk).error().code, errc::not_found);
  batch b(*store_);
  const trace_age age{at(5), {{std::chrono::hours(1), std::chrono::hours(2)}}};
  put_recoverable_age(b, age);
  must_commit(b);
  open_store();
  EXPECT_EQ(*read_recoverable_age(*store_, reach::disk), age);
}

} // namespace
} // namespace stagepost::storage
