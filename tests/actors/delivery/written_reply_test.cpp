#include "actors/delivery/written_reply.hpp"

#include <gtest/gtest.h>

namespace stagepost::delivery {
namespace {

TEST(WrittenReply, IsReadBackAsWrittenAndNeverCut) {
  written_reply what;
  what.user = "alice@example.org";
  what.message_id = "1.0.reply@example.org";
  what.envelope = bytes("\x01\0\x02", 3);
  what.content = "Subject: away\r\n\r\ngone\r\n";
  what.to.index = 3;
  what.to.address = "bob@far.example";
  what.to.state = storage::recipient_state::remote;
  what.to.priority = 7;
  what.from = {"192.0.2.1", "mail.far.example", "bob@far.example"};
  what.home = 2;
  what.step = 0xc00003e8;
  what.recipient = "alice+x@example.org";
  const auto octets = encode(what);
  const auto read = decode_written_reply(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), octets);
  EXPECT_EQ(read->to.index, 3u);
  EXPECT_EQ(read->to.priority, 7);
  EXPECT_EQ(read->from.mail_from, "bob@far.example");
  EXPECT_EQ(read->step, 0xc00003e8u);
  EXPECT_EQ(read->recipient, "alice+x@example.org");
  for (size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(decode_written_reply(bytes_view(octets).substr(0, size))) << size;
  EXPECT_FALSE(decode_written_reply(octets + "x"));
}

} // namespace
} // namespace stagepost::delivery
