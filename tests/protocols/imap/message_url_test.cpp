#include "protocols/imap/message_url.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

std::optional<message_url> read(std::string_view text) { return parse_message_url(text, '/', std::nullopt); }

TEST(ImapMessageUrl, NamesAMessageByMailboxAndUid) {
  const auto found = read("/Drafts;UIDVALIDITY=385759045/;UID=20");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mailbox, "Drafts");
  EXPECT_EQ(found->validity, stagepost::uid_validity{385759045});
  EXPECT_EQ(found->uid, stagepost::uid{20});
  EXPECT_FALSE(found->section);
  EXPECT_EQ(found->offset, 0u);
  EXPECT_FALSE(found->size);
}

TEST(ImapMessageUrl, NamesPartsOfIt) {
  const auto found = read("/inbox/Caf%C3%A9/;uid=7/;section=1.2.HEADER.FIELDS%20(TO)/;partial=5.10");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mailbox, "INBOX/Caf\xC3\xA9");
  ASSERT_TRUE(found->section);
  EXPECT_EQ(found->section->numbers, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(found->section->fields, std::vector<std::string>{"TO"});
  EXPECT_EQ(found->offset, 5u);
  EXPECT_EQ(found->size, 10u);
  EXPECT_FALSE(read("/INBOX/;UID=1/;PARTIAL=7")->size);
}

TEST(ImapMessageUrl, MayLeaveOutTheSelectedMailbox) {
  const url_base base{"Work/May", stagepost::uid_validity{4}};
  for (const auto* text : {";UID=3", "/;UID=3"}) {
    const auto found = parse_message_url(text, '/', base);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->mailbox, "Work/May");
    EXPECT_EQ(found->validity, stagepost::uid_validity{4});
    EXPECT_FALSE(read(text));
  }
}

TEST(ImapMessageUrl, IsRefusedWhereItIsMalformedOrSomebodyElses) {
  for (const auto* text : {"",
                           "/",
                           "/INBOX",
                           "/INBOX/",
                           "/INBOX/;UID=",
                           "/INBOX/;UID=0",
                           "/INBOX/;UID=4294967296",
                           "/INBOX/;UID=1x",
                           "/INBOX/;UID=-1",
                           "//host/INBOX/;UID=1",
                           "imap://host/INBOX/;UID=1",
                           "/INBOX;UIDVALIDITY=0/;UID=1",
                           "/INBOX;UIDVALIDITY=1;UID",
                           "/IN%BOX/;UID=1",
                           "/IN%0aBOX/;UID=1",
                           "/IN%00/;UID=1",
                           "/%FF/;UID=1",
                           "/IN BOX/;UID=1",
                           "/INBOX/;UID=1/;SECTION=",
                           "/INBOX/;UID=1/;SECTION=0",
                           "/INBOX/;UID=1/;SECTION=X",
                           "/INBOX/;UID=1/;SECTION=1]",
                           "/INBOX/;UID=1/;PARTIAL=",
                           "/INBOX/;UID=1/;PARTIAL=1.",
                           "/INBOX/;UID=1/;PARTIAL=1.0",
                           "/INBOX/;UID=1/;PARTIAL=.5",
                           "/INBOX/;UID=1/;PARTIAL=1/;SECTION=1",
                           "/INBOX/;UID=1;URLAUTH=anonymous:internal:00",
                           "/INBOX/;UID=1?x",
                           "/;UID=1"})
    EXPECT_FALSE(read(text)) << text;
  EXPECT_FALSE(read("/" + std::string(max_url_octets, 'a') + "/;UID=1"));
}

} // namespace
} // namespace stagepost::imap
