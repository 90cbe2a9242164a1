#include "storage/records.hpp"

#include "protocols/base/text.hpp"
#include "storage/directory_records.hpp"
#include "storage/small_records.hpp"
#include "storage/statistics_record.hpp"

#include <gtest/gtest.h>

namespace stagepost::storage {
namespace {

// Golden octets: what is on disk. A test here that fails means stores that can no longer be read.

instant at(int64_t ms) { return from_unix_milliseconds(ms); }

blob_record blob() { return {300, 2, "dg"}; }
folder_record folder() { return {mailbox_id{7}, "Sent", uid_validity{5}, 4, true}; }
mailbox_counters counters() { return {uid{9}, modseq{300}, 3, 2, 1, 4000, {"$Junk"}}; }
message_record message() { return {blob_id{8}, 1000, at(1000), at(-1), queue_id{128}}; }
change_record change() { return {modseq{300}, change_kind::expunged, {uid{1}, uid{2}, uid{3}, uid{10}}}; }

spool_record spool() {
  spool_record out;
  out.id = queue_id{6};
  out.body = blob_id{8};
  out.size_bytes = 1000;
  out.accepted_at = at(64);
  out.envelope = "E";
  out.sender = "a@b";
  out.authenticated_as = "u";
  out.recipients = 2;
  return out;
}

spool_recipient recipient() {
  spool_recipient out;
  out.index = 3;
  out.address = "c@d";
  out.state = recipient_state::remote;
  out.account = account_id{5};
  out.shard = 2;
  out.folder = "F";
  out.notify = 6;
  out.original_recipient = "o";
  out.attempts = 4;
  out.due_at = at(64);
  out.last_reply = "450";
  return out;
}

trace_step step() { return {at(64), trace_kind::delivered, {{"to", "INBOX"}}}; }
domain_record domain() { return {domain_id{1}, "a.b", {"c.d"}, {{"k", "v"}}, at(64), account_id{5}}; }
account_record account() {
  return {account_id{3}, domain_id{1}, "x", account_role::domain_admin, 2, {{"k", "v"}}, at(64)};
}
day_counts counts_of_a_day() { return {1, 300, 3, 4, 5, 6, 7, 8}; }
alias_record alias() { return {domain_id{1}, "x", {"y@z"}}; }

credential_record credentials() {
  credential_record out;
  out.scram_sha_256_salt = "s";
  out.scram_sha_1_salt = "t";
  out.scram_sha_256_iterations = 4096;
  out.scram_sha_1_iterations = 1;
  out.passwords.push_back({"A", "b", "c", "d", "e", "f", "L"});
  out.changed_at = at(64);
  return out;
}

mailbox_page page() {
  return {2, {{uid{128}, flag_seen, 0, modseq{300}}, {uid{191}, flag_deleted, 1ull << 63, modseq{299}}}};
}

TEST(Records, HaveTheseOctetsOnDisk) {
  EXPECT_EQ(to_hex(encode(blob())), "01ac0202026467");
  EXPECT_EQ(to_hex(encode(folder())), "020453656e7405040100");
  auto shared = folder();
  shared.grants = {{grantee_kind::user, 300, 3, 0}, {grantee_kind::domain, 1, 1, 0x400}};
  EXPECT_EQ(to_hex(encode(shared)), "020453656e740504010201ac0203000201018008");
  EXPECT_EQ(to_hex(encode(counters())), "0109ac02030201a01f0105244a756e6b");
  EXPECT_EQ(to_hex(encode(message())), "0108e807d00f018001");
  EXPECT_EQ(to_hex(encode(change())), "02030201030601"
                                      "000000");
  auto told = change();
  told.at = at(64);
  told.states = {{flag_seen, 0}, {flag_seen, 0}, {flag_seen, 0}, {flag_deleted, 3}};
  told.keywords = {"$Junk"};
  EXPECT_EQ(to_hex(encode(told)), "02030201030601"
                                  "8001020301000108030105244a756e6b");
  EXPECT_EQ(to_hex(encode(folder_copy{account_id{3}, folder()})), "01030a020453656e7405040100");
  EXPECT_EQ(to_hex(encode(spool())), "0108e80780010145036140620175"
                                     "02");
  EXPECT_EQ(to_hex(encode(recipient())), "010363406403050201460601"
                                         "6f04800103343530");
  auto elsewhere = recipient();
  elsewhere.destination = "gw";
  elsewhere.priority = 9;
  const auto longer = encode(elsewhere);
  EXPECT_EQ(to_hex(longer.substr(0, 1)) + to_hex(longer.substr(longer.size() - 4)), "0202677709");
  EXPECT_EQ(decode_recipient(3, longer)->destination, "gw");
  EXPECT_EQ(decode_recipient(3, longer)->priority, 9);
  EXPECT_FALSE(decode_recipient(3, longer.substr(0, longer.size() - 1) + '\x0b')); // there are ten
  auto put_off = recipient();
  put_off.misses = 300;
  put_off.is_put_off = true;
  const auto longest = encode(put_off);
  EXPECT_EQ(to_hex(longest.substr(0, 1)) + to_hex(longest.substr(longest.size() - 5)), "030005ac0201");
  EXPECT_EQ(decode_recipient(3, longest)->misses, 300u);
  EXPECT_TRUE(decode_recipient(3, longest)->is_put_off);
  EXPECT_FALSE(decode_recipient(3, longer)->is_put_off) << "version 2";
  auto ordered = put_off;
  ordered.is_priority_ordered = true;
  const auto of_version_4 = encode(ordered);
  EXPECT_EQ(to_hex(of_version_4.substr(0, 1)) + to_hex(of_version_4.substr(of_version_4.size() - 6)),
            "040005ac020101");
  EXPECT_TRUE(decode_recipient(3, of_version_4)->is_priority_ordered);
  EXPECT_FALSE(decode_recipient(3, longest)->is_priority_ordered) << "version 3";
  auto alias_held = recipient();
  alias_held.state = recipient_state::held_alias;
  EXPECT_EQ(to_hex(encode(alias_held)), "010363406406050201460601"
                                        "6f04800103343530");
  EXPECT_EQ(decode_recipient(3, encode(alias_held))->state, recipient_state::held_alias);
  for (const auto& [state, octet] :
       {std::pair(recipient_state::unchecked, "07"), std::pair(recipient_state::unchecked_alias, "08")}) {
    auto unchecked = recipient();
    unchecked.state = state;
    EXPECT_EQ(to_hex(encode(unchecked)), std::string("0103634064") + octet +
                                             "050201460601"
                                             "6f04800103343530");
    EXPECT_EQ(decode_recipient(3, encode(unchecked))->state, state);
  }
  EXPECT_EQ(to_hex(encode(step())), "01800108010274"
                                    "6f05494e424f58");
  EXPECT_EQ(to_hex(encode(domain())), "0203612e620103632e6401016b0176800105");
  EXPECT_EQ(to_hex(encode(account())), "0101017802020101"
                                       "6b01768001");
  EXPECT_EQ(to_hex(encode(alias())), "010103794"
                                     "07a");
  EXPECT_EQ(to_hex(encode(credentials())), "01017301748020010101410162016301640165016601"
                                           "4c8001");
  EXPECT_EQ(to_hex(encode(page())), "01ab0202000100013f0880808080808080808001"
                                    "00");
  EXPECT_EQ(to_hex(encode(delivered_record{mailbox_id{300}, uid{4}})), "01ac0204");
  EXPECT_EQ(to_hex(encode(counts_of_a_day())), "0101ac02030405060708");
  EXPECT_EQ(to_hex(encode_number(300)), "01ac02");
  EXPECT_EQ(to_hex(encode_text("ab")), "01026162");
}

TEST(Records, AreReadBackAsWritten) {
  EXPECT_EQ(encode(*decode_blob(encode(blob()))), encode(blob()));
  EXPECT_EQ(encode(*decode_folder(mailbox_id{7}, encode(folder()))), encode(folder()));
  EXPECT_EQ(encode(*decode_folder(mailbox_id{7}, bytes("\1\4Sent\5\4\1"))), encode(folder())) << "version 1";
  EXPECT_EQ(encode(*decode_counters(encode(counters()))), encode(counters()));
  EXPECT_EQ(encode(*decode_message(encode(message()))), encode(message()));
  EXPECT_EQ(decode_message(encode(message()))->saved_at, at(-1));
  EXPECT_EQ(decode_change(modseq{300}, encode(change()))->uids, change().uids);
  EXPECT_EQ(encode(*decode_spool(queue_id{6}, encode(spool()))), encode(spool()));
  EXPECT_EQ(encode(*decode_recipient(3, encode(recipient()))), encode(recipient()));
  EXPECT_EQ(encode(*decode_trace(encode(step()))), encode(step()));
  EXPECT_EQ(encode(*decode_domain(domain_id{1}, encode(domain()))), encode(domain()));
  EXPECT_FALSE(decode_domain(domain_id{1}, bytes("\1\3a.b\0\0\0", 8))->public_folders) << "version 1";
  EXPECT_EQ(encode(*decode_account(account_id{3}, encode(account()))), encode(account()));
  EXPECT_EQ(encode(*decode_alias(domain_id{1}, "x", encode(alias()))), encode(alias()));
  EXPECT_EQ(encode(*decode_credentials(encode(credentials()))), encode(credentials()));
  EXPECT_EQ(decode_page(2, encode(page()))->entries, page().entries);
  EXPECT_EQ(decode_delivered(encode(delivered_record{mailbox_id{300}, uid{4}}))->uid, uid{4});
  EXPECT_EQ(*decode_day_counts(encode(counts_of_a_day())), counts_of_a_day());
  EXPECT_EQ(*decode_number(encode_number(UINT64_MAX)), UINT64_MAX);
  EXPECT_EQ(*decode_text(encode_text("ab")), "ab");
}

/// Every decoder, on octets of any of the records.
void expect_damaged_or_sound(bytes_view in) {
  (void)decode_blob(in);
  (void)decode_folder(mailbox_id{7}, in);
  (void)decode_counters(in);
  (void)decode_message(in);
  (void)decode_change(modseq{1}, in);
  (void)decode_spool(queue_id{1}, in);
  (void)decode_recipient(1, in);
  (void)decode_trace(in);
  (void)decode_domain(domain_id{1}, in);
  (void)decode_account(account_id{1}, in);
  (void)decode_alias(domain_id{1}, "x", in);
  (void)decode_credentials(in);
  (void)decode_page(0, in);
  (void)decode_day_counts(in);
}

std::vector<bytes> all_records() {
  return {encode(blob()),   encode(folder()),         encode(counters()),  encode(message()),
          encode(change()), encode(spool()),          encode(recipient()), encode(step()),
          encode(domain()), encode(account()),        encode(alias()),     encode(credentials()),
          encode(page()),   encode(counts_of_a_day())};
}

TEST(Records, SurviveEveryFlippedBit) {
  for (auto record : all_records())
    for (size_t i = 0; i < record.size() * 8; ++i) {
      record[i / 8] ^= char(1u << (i % 8));
      expect_damaged_or_sound(record);
      record[i / 8] ^= char(1u << (i % 8));
    }
}

TEST(Records, CutOffOrTooLongAreDamaged) {
  const auto whole = encode(counters());
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(decode_counters(bytes_view(whole).substr(0, size)).error().code, errc::damaged);
  EXPECT_FALSE(decode_counters(whole + "x"));
}

TEST(Records, OfAVersionNobodyKnowsAreDamaged) {
  auto record = encode(blob());
  record[0] = 2;
  EXPECT_FALSE(decode_blob(record));
  record[0] = 0;
  EXPECT_FALSE(decode_blob(record));
}

TEST(Records, OfChangesOfTheFirstVersionHaveNoTime) {
  const auto old = decode_change(modseq{300}, bytes("\x01\x03\x02\x01\x03\x06\x01", 7));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->uids, change().uids);
  EXPECT_EQ(old->at, instant{});
  EXPECT_TRUE(old->states.empty());
}

TEST(Records, OfChangesSayWhatMessagesCarried) {
  auto told = change();
  told.at = at(64);
  told.states = {{flag_seen, 0}, {flag_seen, 0}, {0, 0}, {flag_deleted, 3}};
  told.keywords = {"$Junk"};
  const auto read = decode_change(modseq{300}, encode(told));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, told.at);
  EXPECT_EQ(read->states, told.states);
  EXPECT_EQ(read->keywords, told.keywords);
  // States of more messages, or fewer, than the line names.
  EXPECT_FALSE(decode_change(modseq{1}, bytes("\x02\x01\x01\x01\x01\x00\x01\x02\x00\x00\x00", 11)));
  EXPECT_FALSE(decode_change(modseq{1}, bytes("\x02\x01\x01\x01\x02\x00\x01\x01\x00\x00\x00", 11)));
}

TEST(Records, OfChangesLeaveOutStatesThatDifferTooMuch) {
  change_record told;
  told.kind = change_kind::flags;
  for (uint32_t i = 1; i <= 4096; ++i) {
    told.uids.push_back(uid{i});
    told.states.push_back({i % 2, 0});
  }
  EXPECT_EQ(decode_change(modseq{1}, encode(told))->states, told.states);
  told.uids.push_back(uid{4097});
  told.states.push_back({1, 0});
  const auto record = encode(told);
  EXPECT_LT(record.size(), 20u);
  EXPECT_EQ(decode_change(modseq{1}, record)->uids, told.uids);
  EXPECT_TRUE(decode_change(modseq{1}, record)->states.empty());
}

TEST(Records, WithKindsNobodyKnowsAreDamaged) {
  auto record = encode(change());
  record[1] = 4;
  EXPECT_FALSE(decode_change(modseq{1}, record));
}

TEST(Records, DoNotBelieveHugeCounts) {
  record_writer texts(1);
  texts.number(1ull << 40);
  EXPECT_FALSE(decode_alias(domain_id{1}, "x", texts.take()));
  record_writer runs(1);
  runs.octet(1).number(1).number(1).number(UINT32_MAX);
  EXPECT_FALSE(decode_change(modseq{1}, runs.take()));
}

TEST(Records, OfAPageTakeFewOctetsAMessage) {
  mailbox_page full{10, {}};
  for (uint32_t i = 0; i < uids_per_page; ++i)
    full.entries.push_back({uid{10 * uids_per_page + i}, flag_seen, 3, modseq{1'000'000 + i * 3}});
  EXPECT_LE(encode(full).size(), 5 * uids_per_page + 6);
  EXPECT_EQ(decode_page(10, encode(full))->entries, full.entries);
}

TEST(Records, OfAPageWithMessagesOutOfOrderAreDamaged) {
  mailbox_page wrong{0, {{uid{5}, 0, 0, modseq{1}}, {uid{5}, 0, 0, modseq{1}}}};
  EXPECT_FALSE(decode_page(0, encode(wrong)));
}

TEST(Errc, HasATextForEveryCode) {
  for (uint8_t code = 1; code <= uint8_t(errc::blob_gone); ++code)
    EXPECT_NE(to_string(errc(code)), "unknown storage error");
}

} // namespace
} // namespace stagepost::storage
