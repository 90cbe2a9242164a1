// Makes the stored example of the present layout that migrations_test.cpp opens. It runs only when it is told
// a folder that does not exist yet: STAGEPOST_EXAMPLE=tests/data/storage/v2 test_storage
// --gtest_filter='StoredExample.*'

#include "storage/batch.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/spool_table.hpp"
#include "storage/store.hpp"
#include "storage/trace_table.hpp"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <cstdlib>
#include <filesystem>

namespace stagepost::storage {
namespace {

blob_id put_message_with_body(batch& b, store& in, mailbox_id folder, uint32_t number) {
  const bytes content(1500 + number, char('a' + number));
  const auto body = in.next_blob();
  put_chunk(b, body, 0, content, true);
  put_blob(b, body, {content.size(), 1, "digest"});
  put_reference(b, body, blob_owner::mailbox, folder.value, number);
  put_message(b, folder, uid{number}, {body, content.size(), {}, {}, {}});
  put_change(b, folder, {modseq{number + 1}, change_kind::added, {uid{number}}});
  return body;
}

void fill(batch& b, store& in) {
  const auto inbox = in.next_mailbox();
  const auto sent = in.next_mailbox();
  put_folder(b, account_id{1}, {inbox, "INBOX", in.next_uid_validity(), 0, true});
  put_folder(b, account_id{1}, {sent, "Sent", in.next_uid_validity(), 1, true});
  mailbox_page page;
  mailbox_counters counters;
  blob_id body;
  for (uint32_t i = 1; i <= 3; ++i) {
    body = put_message_with_body(b, in, inbox, i);
    page.entries.push_back({uid{i}, 0, 1, modseq{i + 1}});
    counters.size_bytes += 1500 + i;
  }
  counters.uid_next = uid{4};
  counters.highest_modseq = modseq{4};
  counters.messages = counters.unseen = 3;
  counters.keywords = {"$Important"};
  put_page(b, inbox, page);
  put_counters(b, inbox, counters);
  put_counters(b, sent, {});
  spool_record waiting;
  waiting.id = in.next_queue_id(from_unix_milliseconds(1'700'000'000'000));
  waiting.body = body;
  waiting.sender = "a@example.org";
  waiting.recipients = 2;
  put_spool(b, waiting);
  put_reference(b, body, blob_owner::spool, waiting.id.value, 0);
  put_recipient(b, waiting.id, {});
  spool_recipient remote;
  remote.index = 1;
  remote.address = "r@example.org";
  remote.state = recipient_state::remote;
  remote.priority = 7;
  put_recipient(b, waiting.id, remote);
  put_trace(b, waiting.id, 0, {{}, trace_kind::accepted, {{"from", "a@example.org"}}});
  put_trace_id(b, "<id@example.org>", waiting.id);
}

TEST(StoredExample, IsMadeWhenAFolderIsNamed) {
  const char* folder = std::getenv("STAGEPOST_EXAMPLE");
  if (!folder) GTEST_SKIP() << "STAGEPOST_EXAMPLE names no folder";
  ASSERT_FALSE(std::filesystem::exists(folder));
  store_options options;
  options.memtable_bytes = 256 << 10;
  options.shard = 1;
  auto opened = store::open(store_kind::shard, folder, options);
  ASSERT_TRUE(opened) << opened.error().detail;
  auto& in = **opened;
  batch b(in);
  fill(b, in);
  batch* const all[] = {&b};
  ASSERT_TRUE(in.commit(all).front());
  // Half of it in tables and blob files, half in the log.
  ASSERT_TRUE(
      in.db()
          .Flush({}, {in.handle(family::bodies), in.handle(family::messages), in.handle(family::folders)})
          .ok());
}

} // namespace
} // namespace stagepost::storage
