#include "storage/key.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::storage {
namespace {

// Golden octets: what is on disk. A test here that fails means stores that can no longer be read.

constexpr blob_id body{0x0300000000000102};
constexpr mailbox_id folder{0x11};
constexpr stagepost::queue_id queue{0x0102030405060708};

TEST(Key, OfBodiesIsBlobAndPiece) {
  EXPECT_EQ(to_hex(key::body(body, 5)), "030000000000010200000005");
  EXPECT_EQ(to_hex(key::blob(body)), "0300000000000102");
}

TEST(Key, OfReferencesIsBlobKindOwnerAndItem) {
  const auto spool = key::blob_ref(body, blob_owner::spool, queue.value, 0);
  EXPECT_EQ(to_hex(spool), "030000000000010201010203040506070800000000");
  const auto mailbox = key::blob_ref(body, blob_owner::mailbox, folder.value, 9);
  EXPECT_EQ(to_hex(mailbox), "030000000000010202000000000000001100000009");
}

TEST(Key, OfReferencesIsTakenApart) {
  blob_ref_key parts;
  ASSERT_TRUE(take_blob_ref(key::blob_ref(body, blob_owner::mailbox, folder.value, 9), parts));
  EXPECT_EQ(parts.blob, body);
  EXPECT_EQ(parts.kind, blob_owner::mailbox);
  EXPECT_EQ(parts.owner, folder.value);
  EXPECT_EQ(parts.item, 9u);
  EXPECT_FALSE(take_blob_ref(key::blob(body), parts));
  EXPECT_FALSE(take_blob_ref(bytes(21, '\x09'), parts));
}

TEST(Key, OfMailboxTablesBeginsWithTheMailbox) {
  EXPECT_EQ(to_hex(key::folder(account_id{0x22}, folder)), "00000000000000220000000000000011");
  EXPECT_EQ(to_hex(key::account(account_id{0x22})), "0000000000000022");
  EXPECT_EQ(to_hex(key::mailbox(folder)), "0000000000000011");
  EXPECT_EQ(to_hex(key::page(folder, 3)), "000000000000001100000003");
  EXPECT_EQ(to_hex(key::message(folder, uid{258})), "000000000000001100000102");
  EXPECT_EQ(to_hex(key::change(folder, modseq{7})), "00000000000000110000000000000007");
  EXPECT_EQ(to_hex(key::folder_copy(folder)), "0000000000000011000000000000000004");
  EXPECT_EQ(to_hex(key::change(folder, modseq{7}, change_kind::expunged)),
            "0000000000000011000000000000000703");
}

TEST(Key, OfExpungedMessagesIsKindOfRowAndPlace) {
  const recoverable_place place{from_unix_milliseconds(0x102), folder, uid{9}};
  EXPECT_EQ(to_hex(key::recoverable(folder, uid{258})), "01000000000000001100000102");
  EXPECT_EQ(to_hex(key::recoverable_of(account_id{0x22})), "020000000000000022");
  EXPECT_EQ(to_hex(key::recoverable_of(account_id{0x22}, place)),
            "0200000000000000220000000000000102000000000000001100000009");
  EXPECT_EQ(to_hex(key::recoverable_at()), "03");
  EXPECT_EQ(to_hex(key::recoverable_at(place)), "030000000000000102000000000000001100000009");
  EXPECT_EQ(recoverable_place_at(key::recoverable_of(account_id{0x22}, place)), place);
  EXPECT_EQ(recoverable_place_at(key::recoverable_at(place)), place);
  EXPECT_EQ(recoverable_place_at("short"), recoverable_place{});
}

TEST(Key, OfSpoolTablesBeginsWithTheQueueNumber) {
  EXPECT_EQ(to_hex(key::queue(queue)), "0102030405060708");
  EXPECT_EQ(to_hex(key::queue_item(queue, 2)), "010203040506070800000002");
  EXPECT_EQ(to_hex(key::trace_hash(0xaabbccddeeff0011)), "aabbccddeeff0011");
  EXPECT_EQ(to_hex(key::trace_id(0xaabbccddeeff0011, queue)), "aabbccddeeff00110102030405060708");
}

TEST(Key, OfRecipientsElsewhereIsTimeOrDestination) {
  const auto at = from_unix_milliseconds(0x0a0b);
  EXPECT_EQ(to_hex(key::outbound_due(at, queue, 2)), "0000000000000a0b010203040506070800000002");
  const auto item = key::outbound_item("a.b", 10, at, queue, 2);
  EXPECT_EQ(to_hex(item), "612e6200f50000000000000a0b010203040506070800000002");
  EXPECT_TRUE(item.starts_with(key::outbound_priority("a.b", 10)));
  outbound_item_key parts;
  ASSERT_TRUE(take_outbound_item(item, parts));
  EXPECT_EQ(parts.destination, "a.b");
  EXPECT_EQ(parts.priority, 10);
  EXPECT_EQ(parts.due_at, at);
  EXPECT_EQ(parts.id, queue);
  EXPECT_EQ(parts.index, 2u);
  EXPECT_FALSE(take_outbound_item(key::queue_item(queue, 2), parts));
}

TEST(Key, OfDirectoryTablesIsDomainAndLocalPart) {
  EXPECT_EQ(to_hex(key::domain(domain_id{1})), "0000000000000001");
  EXPECT_EQ(to_hex(key::local_part(domain_id{1}, "ab")), "00000000000000016162");
  EXPECT_EQ(to_hex(key::domain_day(domain_id{1}, 20000)), "000000000000000100004e20");
}

TEST(Key, SortsAsNumbersDo) {
  EXPECT_LT(key::message(folder, uid{255}), key::message(folder, uid{256}));
  EXPECT_LT(key::message(folder, uid{UINT32_MAX}), key::message(mailbox_id{folder.value + 1}, uid{1}));
}

TEST(Key, EndOfAPrefixIsTheNextPrefix) {
  EXPECT_EQ(after_prefix("a"), "b");
  EXPECT_EQ(after_prefix("a\xff"), "b");
  EXPECT_EQ(after_prefix("\xff\xff"), "");
  EXPECT_EQ(after_prefix(""), "");
}

} // namespace
} // namespace stagepost::storage
