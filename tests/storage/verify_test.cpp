#include "storage/verify.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/outbound_table.hpp"
#include "storage/spool_table.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr mailbox_id folder{7};

/// A mailbox with two messages and a message in the spool, all as it should be.
class Verify : public store_fixture {
protected:
  void SetUp() override {
    batch b(*store_);
    put_folder(b, account_id{1}, {folder, "INBOX", uid_validity{1}, 0, true});
    for (uint32_t i = 1; i <= 2; ++i) {
      body_ = put_body(b, bytes(2000, 'x'), folder, uid{i});
      put_message(b, folder, uid{i}, {body_, 2000, {}, {}, {}});
      put_change(b, folder, {modseq{i + 1}, change_kind::added, {uid{i}}});
    }
    put_page(b, folder, page());
    put_counters(b, folder, counters());
    put_reference(b, body_, blob_owner::spool, 99, 0);
    spool_record waiting;
    waiting.id = stagepost::queue_id{99};
    waiting.body = body_;
    put_spool(b, waiting);
    put_recipient(b, waiting.id, {});
    must_commit(b);
  }

  static mailbox_page page() { return {0, {{uid{1}, flag_seen, 0, modseq{2}}, {uid{2}, 0, 0, modseq{3}}}}; }
  static mailbox_counters counters() { return {uid{3}, modseq{3}, 2, 1, 0, 4000, {}}; }

  void expect_finding(batch& b, const std::string& text) {
    must_commit(b);
    const auto report = verify(*store_, {});
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->sound());
    bool found = false;
    std::string all;
    for (const auto& f : report->findings) {
      all += f.where + ": " + f.what + "\n";
      found = found || (f.where + ": " + f.what).find(text) != std::string::npos;
    }
    EXPECT_TRUE(found) << all;
  }

  blob_id body_;
};

TEST_F(Verify, FindsRecipientsElsewhereThatNobodyWouldTry) {
  spool_recipient remote;
  remote.index = 1;
  remote.address = "r@example.org";
  remote.state = recipient_state::remote;
  batch b(*store_);
  put_recipient(b, stagepost::queue_id{99}, remote);
  must_commit(b);
  EXPECT_TRUE(verify(*store_, {})->sound());
  batch lost(*store_);
  delete_outbound(lost, stagepost::queue_id{99}, remote);
  expect_finding(lost, "spool_recipients 99: a recipient elsewhere is not found by his destination");
  auto other = remote;
  other.destination = "somewhere.else.test";
  batch wrong(*store_);
  put_outbound(wrong, stagepost::queue_id{99}, other);
  expect_finding(wrong, "outbound_destinations 99: is not as the recipient it leads to says");
}

TEST_F(Verify, FindsRowsOfRecipientsThatAreGone) {
  spool_recipient remote;
  remote.index = 1;
  remote.address = "r@example.org";
  remote.state = recipient_state::remote;
  batch b(*store_);
  put_outbound(b, stagepost::queue_id{99}, remote);
  expect_finding(b, "outbound_due 99: leads to no recipient elsewhere");
}

TEST_F(Verify, StopsWhenToldToAndBlamesNobody) {
  std::stop_source stop;
  verify_options options;
  options.stop = stop.get_token();
  const auto whole = verify(*store_, options);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->interrupted);
  EXPECT_EQ(whole->bodies, 2u);
  stop.request_stop();
  const auto cut = verify(*store_, options);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->interrupted);
  EXPECT_TRUE(cut->sound());
}

TEST_F(Verify, FindsNothingInASoundStore) {
  const auto report = verify(*store_, {});
  ASSERT_TRUE(report);
  for (const auto& f : report->findings) ADD_FAILURE() << f.where << ": " << f.what;
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->bodies, 2u);
  EXPECT_EQ(report->body_bytes, 4000u);
  EXPECT_EQ(report->references, 3u);
  EXPECT_EQ(report->mailboxes, 1u);
  EXPECT_EQ(report->messages, 2u);
  EXPECT_EQ(report->spooled, 1u);
  EXPECT_EQ(report->recipients, 1u);
}

TEST_F(Verify, FindsWrongCounters) {
  batch b(*store_);
  auto wrong = counters();
  wrong.unseen = 2;
  put_counters(b, folder, wrong);
  expect_finding(b, "mailbox_state 7: has 1 unseen messages, its counters say 2");
}

TEST_F(Verify, FindsAMessageWithoutRecord) {
  batch b(*store_);
  delete_message(b, folder, uid{1});
  expect_finding(b, "message 1 has no record");
}

TEST_F(Verify, FindsAMessageInNoPage) {
  batch b(*store_);
  auto less = page();
  less.entries.pop_back();
  put_page(b, folder, less);
  expect_finding(b, "messages 7: message 2 stands in no page");
}

TEST_F(Verify, FindsALostReference) {
  batch b(*store_);
  drop_reference(b, body_, blob_owner::mailbox, folder.value, 2);
  expect_finding(b, "message 2 has no reference to its body");
}

TEST_F(Verify, FindsAReferenceOfNobody) {
  batch b(*store_);
  put_reference(b, body_, blob_owner::mailbox, folder.value, 50);
  expect_finding(b, "kept by message 50 of mailbox 7, which is not there");
}

TEST_F(Verify, FindsABodyThatNobodyWillCollect) {
  batch b(*store_);
  const auto body = store_->next_blob();
  put_chunk(b, body, 0, "x", true);
  put_blob(b, body, {1, 1, {}});
  expect_finding(b, "nobody refers to it and no mark says so");
}

TEST_F(Verify, FindsAMissingPieceAndAWrongSize) {
  batch b(*store_);
  put_blob(b, body_, {3000, 2, {}});
  expect_finding(b, "piece 1 is missing");
  batch again(*store_);
  put_blob(again, body_, {3000, 1, {}});
  expect_finding(again, "has 2000 octets, its record says 3000");
}

TEST_F(Verify, FindsPiecesOfNoBody) {
  batch b(*store_);
  const auto body = store_->next_blob();
  put_chunk(b, body, 0, "x", true);
  expect_finding(b, "pieces of a body without record and without mark");
  batch arriving(*store_);
  put_chunk(arriving, store_->next_blob(), 0, bytes(body_chunk_bytes, 'x'), false);
  must_commit(arriving);
  EXPECT_EQ(verify(*store_, {})->finding_count, 1u);
}

TEST_F(Verify, FindsADamagedPiece) {
  batch b(*store_);
  batch_access::put(b, family::bodies, key::body(body_, 0), bytes(2008, 'y'));
  expect_finding(b, "the checksum of a piece of a body is wrong");
}

TEST_F(Verify, FindsSpoolMessagesWithoutBodyAndRecipientsWithoutMessage) {
  batch b(*store_);
  drop_reference(b, body_, blob_owner::spool, 99, 0);
  expect_finding(b, "spool 99: has no reference to its body");
  batch again(*store_);
  delete_spool(again, stagepost::queue_id{99});
  expect_finding(again, "spool_recipients 99: recipients of a message that is not in the spool");
}

TEST_F(Verify, FindsChangesLaterThanTheMailbox) {
  batch b(*store_);
  put_change(b, folder, {modseq{9}, change_kind::flags, {uid{1}}});
  expect_finding(b, "change 9 is later than the mailbox");
}

TEST_F(Verify, BoundsItsFindings) {
  batch b(*store_);
  for (uint32_t i = 100; i < 200; ++i) put_message(b, folder, uid{i}, {});
  must_commit(b);
  const auto report = verify(*store_, {10, true});
  EXPECT_EQ(report->findings.size(), 10u);
  EXPECT_GE(report->finding_count, 100u);
}

} // namespace
} // namespace stagepost::storage
