#include "storage/rebuild.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/recoverable.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr account_id alice{1};
constexpr mailbox_id folder{7};

instant at(int64_t ms) { return from_unix_milliseconds(ms); }

/// A folder with UIDs 1 to 4, of which 3 was expunged; 2 has a keyword.
class Rebuild : public store_fixture {
protected:
  void SetUp() override {
    batch b(*store_);
    put_folder(b, alice, {folder, "Work", uid_validity{5}, 0, true});
    for (const uint32_t i : {1, 2, 4}) {
      const auto body = put_body(b, bytes(1000 + i, 'x'), folder, uid{i});
      put_message(b, folder, uid{i}, {body, 1000 + i, at(i), at(i), {}});
    }
    put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}, uid{2}, uid{3}}, at(100), {{}, {}, {}}});
    put_change(b, folder, {modseq{3}, change_kind::flags, {uid{2}}, at(200), {{flag_seen, 1}}, {"$Work"}});
    put_change(b, folder, {modseq{4}, change_kind::expunged, {uid{3}}, at(300), {{flag_deleted, 0}}});
    put_change(b, folder, {modseq{5}, change_kind::added, {uid{4}}, at(400), {{flag_flagged, 0}}});
    put_page(b, folder, page());
    put_counters(b, folder, counters());
    must_commit(b);
    expect_sound();
  }

  static mailbox_page page() {
    return {
        0,
        {{uid{1}, 0, 0, modseq{2}}, {uid{2}, flag_seen, 1, modseq{3}}, {uid{4}, flag_flagged, 0, modseq{5}}}};
  }
  static mailbox_counters counters() { return {uid{5}, modseq{5}, 3, 2, 0, 3007, {"$Work"}}; }

  void expect_sound() {
    const auto found = verify(*store_, {});
    ASSERT_TRUE(found);
    for (const auto& f : found->findings) ADD_FAILURE() << f.where << ": " << f.what;
  }

  rebuild_report run() {
    rebuild_options options;
    options.now = at(1000);
    options.digest_of = [](const store&, blob_id, uint32_t) -> result<bytes> { return bytes("digest"); };
    auto report = rebuild(*store_, options);
    EXPECT_TRUE(report) << report.error().detail;
    return report ? *report : rebuild_report{};
  }

  void drop(family f, bytes_view prefix) {
    batch b(*store_);
    const auto scanned = store_->scan(f, prefix, {}, reach::disk, [&](bytes_view row, bytes_view) {
      batch_access::remove(b, f, row);
      return true;
    });
    ASSERT_TRUE(scanned);
    must_commit(b);
  }
  void drop(family f) { drop(f, key::mailbox(folder)); }

  void expect_as_before() {
    expect_sound();
    const auto pages = read_pages(*store_, folder, reach::disk);
    ASSERT_TRUE(pages);
    ASSERT_EQ(pages->size(), 1u);
    EXPECT_EQ(pages->front()->entries, page().entries);
    const auto found = read_counters(*store_, folder, reach::disk);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->uid_next, uid{5});
    EXPECT_EQ(found->highest_modseq, modseq{5});
    EXPECT_EQ(found->unseen, 2u);
    EXPECT_EQ(found->size_bytes, 3007u);
    EXPECT_EQ(found->keywords, counters().keywords);
    const auto record = read_folder(*store_, alice, folder, reach::disk);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->name, "Work");
    EXPECT_EQ(record->uid_validity, uid_validity{5});
  }
};

TEST_F(Rebuild, ChangesNothingInASoundStore) {
  EXPECT_FALSE(run().changed());
  expect_as_before();
}

TEST_F(Rebuild, MakesPagesFromTheLog) {
  drop(family::flags);
  const auto did = run();
  EXPECT_EQ(did.entries_made, 3u);
  EXPECT_EQ(did.flags_lost, 0u);
  expect_as_before();
  EXPECT_FALSE(run().changed());
}

TEST_F(Rebuild, MakesDamagedPagesAgain) {
  batch b(*store_);
  batch_access::put(b, family::flags, key::page(folder, 0), "\xff");
  must_commit(b);
  EXPECT_EQ(run().pages_written, 1u);
  expect_as_before();
}

TEST_F(Rebuild, MakesCountersFromAWholeLog) {
  drop(family::mailbox_state);
  EXPECT_EQ(run().validities_renewed, 0u);
  expect_as_before();
}

TEST_F(Rebuild, RenewsTheValidityWhenNobodyKnowsWhichUidsWereGiven) {
  batch b(*store_);
  trim_changes(b, folder, modseq{4});
  must_commit(b);
  drop(family::mailbox_state);
  EXPECT_EQ(run().validities_renewed, 1u);
  expect_sound();
  EXPECT_NE(read_folder(*store_, alice, folder, reach::disk)->uid_validity, uid_validity{5});
  EXPECT_GE(read_counters(*store_, folder, reach::disk)->uid_next, uid{5});
}

TEST_F(Rebuild, RenewsTheValidityWhenTheEndOfTheLogIsLost) {
  drop(family::mailbox_state);
  drop(family::flags);
  batch b(*store_);
  batch_access::remove(b, family::changes, key::change(folder, modseq{5}, change_kind::added));
  must_commit(b);
  EXPECT_EQ(run().validities_renewed, 1u) << "4 is there, and the log has never heard of it";
  expect_sound();
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->uid_next, uid{5});
}

TEST_F(Rebuild, KnowsAFolderByTheCopyOfItsRecord) {
  drop(family::folders, {});
  EXPECT_EQ(run().folders_restored, 1u);
  expect_as_before();
}

TEST_F(Rebuild, CallsAFolderWithoutNameRecovered) {
  batch b(*store_);
  put_folder(b, alice, {mailbox_id{8}, "Recovered", uid_validity{6}, 0, true});
  batch_access::put(b, family::folders, key::folder(alice, folder), "\xff");
  batch_access::remove(b, family::changes, key::folder_copy(folder));
  must_commit(b);
  EXPECT_EQ(run().folders_restored, 1u);
  expect_sound();
  EXPECT_EQ(read_folder(*store_, alice, folder, reach::disk)->name, "Recovered 2");
}

TEST_F(Rebuild, LeavesAFolderOfNobodyAloneAndSaysSo) {
  drop(family::folders, {});
  batch b(*store_);
  batch_access::remove(b, family::changes, key::folder_copy(folder));
  must_commit(b);
  const auto did = run();
  EXPECT_EQ(did.folders_restored, 0u);
  ASSERT_FALSE(did.notes.empty());
  EXPECT_NE(did.notes.front().find("nobody knows whose it is"), std::string::npos);
  EXPECT_TRUE(read_message(*store_, folder, uid{1}, reach::disk));
}

TEST_F(Rebuild, DoesNotBringDeletedFoldersBack) {
  batch b(*store_);
  delete_folder(b, alice, {folder, "Work", uid_validity{5}});
  must_commit(b);
  EXPECT_EQ(run().folders_restored, 0u);
  EXPECT_EQ(read_folders(*store_, alice, reach::disk)->size(), 0u);
}

TEST_F(Rebuild, MakesMessagesFromTheirBodies) {
  drop(family::messages);
  drop(family::flags);
  drop(family::mailbox_state);
  EXPECT_EQ(run().records_made, 3u);
  expect_as_before();
  const auto message = read_message(*store_, folder, uid{4}, reach::disk);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->internal_date, at(400)) << "as the log says";
  EXPECT_EQ(message->size_bytes, 1004u);
}

TEST_F(Rebuild, MakesRecordsOfBodiesFromTheirPieces) {
  drop(family::blobs, {});
  drop(family::blob_refs, {});
  const auto did = run();
  EXPECT_EQ(did.bodies_restored, 3u);
  EXPECT_EQ(did.references_made, 3u);
  expect_as_before();
  const auto message = read_message(*store_, folder, uid{1}, reach::disk);
  const auto body = read_blob(*store_, message->body, reach::disk);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->size_bytes, 1001u);
  EXPECT_EQ(body->digest, "digest");
}

TEST_F(Rebuild, KeepsWhatTheLogSaysWasExpungedAsRecoverable) {
  batch b(*store_);
  put_body(b, "an expunged message", folder, uid{3});
  must_commit(b);
  EXPECT_EQ(run().retired, 1u);
  expect_as_before();
  const auto groups = read_recoverable(*store_, alice, {}, 10, reach::disk);
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 1u);
  EXPECT_EQ(groups->front().place.expunged_at, at(300));
}

TEST_F(Rebuild, KeepsBodiesOfWhatCanBeBroughtBack) {
  batch b(*store_);
  const auto body = put_body(b, "an expunged message", folder, uid{3});
  recoverable_group head;
  head.folder = folder;
  head.account = alice;
  head.expunged_at = at(300);
  head.folder_name = "Work";
  keep_recoverable(b, head, {{uid{3}, {body, 19, at(1), at(1), {}}, 0, 0}});
  must_commit(b);
  drop(family::blobs, {});
  drop(family::blob_refs, {});
  EXPECT_EQ(run().references_made, 4u);
  expect_as_before();

  batch back(*store_); // the record as it was before it was expunged
  put_message(back, folder, uid{3}, {body, 19, at(1), at(1), {}});
  must_commit(back);
  EXPECT_EQ(run().retired, 1u);
  expect_as_before();
  EXPECT_EQ(read_recoverable(*store_, alice, {}, 10, reach::disk)->size(), 1u);
}

TEST_F(Rebuild, DropsWhatNobodyCanShow) {
  const auto lost = read_message(*store_, folder, uid{4}, reach::disk);
  ASSERT_TRUE(lost);
  drop(family::bodies, key::blob(lost->body));
  drop(family::blobs, key::blob(lost->body));
  const auto spoiled = read_message(*store_, folder, uid{1}, reach::disk);
  ASSERT_TRUE(spoiled);
  batch b(*store_);
  batch_access::put(b, family::messages, key::message(folder, uid{1}), "\xff");
  drop_reference(b, spoiled->body, blob_owner::mailbox, folder.value, 1);
  must_commit(b);
  const auto did = run();
  EXPECT_EQ(did.lost, 2u);
  EXPECT_EQ(did.note_count, 2u);
  expect_sound();
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->messages, 1u);
  EXPECT_EQ(read_expunged(*store_, folder, modseq{5}, reach::disk)->uids, (std::vector<uid>{uid{1}, uid{4}}));
  EXPECT_FALSE(run().changed());
}

TEST_F(Rebuild, DropsReferencesToBodiesThatAreLost) {
  drop(family::messages);
  drop(family::bodies, {});
  drop(family::blobs, {});
  const auto did = run();
  EXPECT_EQ(did.references_dropped, 3u);
  EXPECT_EQ(did.lost, 3u);
  expect_sound();
}

TEST_F(Rebuild, TellsClientsOfFlagsAndMessagesThatAreLost) {
  drop(family::flags);
  batch b(*store_);
  trim_changes(b, folder, modseq{4});
  must_commit(b);
  const auto did = run();
  EXPECT_EQ(did.flags_lost, 2u);
  EXPECT_EQ(did.validities_renewed, 0u);
  expect_sound();
  const auto lines = read_changes(*store_, folder, modseq{5}, 10, reach::disk);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 1u);
  EXPECT_EQ(lines->front().kind, change_kind::flags);
  EXPECT_EQ(lines->front().uids, (std::vector<uid>{uid{1}, uid{2}}));

  const auto gone = read_message(*store_, folder, uid{4}, reach::disk);
  batch lost(*store_);
  delete_message(lost, folder, uid{4});
  drop_reference(lost, gone->body, blob_owner::mailbox, folder.value, 4);
  must_commit(lost);
  EXPECT_EQ(run().lost, 1u);
  expect_sound();
  EXPECT_EQ(read_expunged(*store_, folder, modseq{6}, reach::disk)->uids, std::vector<uid>{uid{4}});
}

TEST_F(Rebuild, ReadsALongFolderInParts) {
  constexpr mailbox_id far{9};
  const std::vector<uid> uids{uid{1}, uid{70}, uid{200'000}, uid{3'000'000}};
  batch b(*store_);
  put_folder(b, alice, {far, "Far", uid_validity{6}, 0, true});
  modseq last{1};
  for (const auto each : uids) {
    last = modseq{last.value + 1};
    const auto body = put_body(b, "a message", far, each);
    put_message(b, far, each, {body, 9, at(1), at(1), {}});
    put_page(b, far, {each.value / uids_per_page, {{each, flag_answered, 0, last}}});
    put_change(b, far, {last, change_kind::added, {each}, at(1), {{flag_answered, 0}}});
  }
  put_counters(b, far, {uid{3'000'001}, last, 4, 4, 0, 36, {}});
  must_commit(b);
  expect_sound();
  drop(family::flags);
  drop(family::flags, key::mailbox(far));
  drop(family::mailbox_state, key::mailbox(far));
  EXPECT_EQ(run().entries_made, 3u + 4u);
  expect_as_before();
  const auto pages = read_pages(*store_, far, reach::disk);
  ASSERT_EQ(pages->size(), 4u);
  for (const auto& page : *pages) EXPECT_EQ(page->entries.front().flags, flag_answered);
  EXPECT_EQ(read_counters(*store_, far, reach::disk)->uid_next, uid{3'000'001});
}

TEST_F(Rebuild, CutsALogWithAHole) {
  batch b(*store_);
  batch_access::remove(b, family::changes, key::change(folder, modseq{4}, change_kind::expunged));
  must_commit(b);
  EXPECT_EQ(run().logs_cut, 1u);
  expect_sound();
  EXPECT_FALSE(read_expunged(*store_, folder, modseq{3}, reach::disk)->complete);
  EXPECT_TRUE(read_expunged(*store_, folder, modseq{4}, reach::disk)->complete);
}

TEST_F(Rebuild, TouchesOnlyWhoIsAskedFor) {
  drop(family::flags);
  rebuild_options options;
  options.account = account_id{2};
  const auto did = rebuild(*store_, options);
  ASSERT_TRUE(did);
  EXPECT_FALSE(did->changed());
  EXPECT_EQ(read_pages(*store_, folder, reach::disk)->size(), 0u);
}

TEST_F(Rebuild, GivesFoldersOfOlderReleasesTheCopyOfTheirRecord) {
  batch b(*store_);
  batch_access::remove(b, family::changes, key::folder_copy(folder));
  must_commit(b);
  expect_sound();
  EXPECT_FALSE(run().changed());
  drop(family::folders, {});
  run();
  expect_as_before();
}

} // namespace
} // namespace stagepost::storage
