#include "protocols/pop3/numbering.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

numbering three_messages() {
  return numbering(maildrop{true, 42, {{uid{1}, 100}, {uid{7}, 20}, {uid{8}, 3}}});
}

TEST(Pop3Numbering, CountsOnlyWhatIsNotMarked) {
  auto messages = three_messages();
  messages.mark(1);
  bytes out;
  messages.write_stat(out);
  messages.write_sizes(out);
  EXPECT_EQ(out, "+OK 2 103\r\n1 100\r\n3 3\r\n.\r\n");
  messages.unmark_all();
  out.clear();
  messages.write_stat(out);
  EXPECT_EQ(out, "+OK 3 123\r\n");
}

TEST(Pop3Numbering, MakesUniqueIdsOfValidityAndUid) {
  bytes out;
  three_messages().write_uidls(out);
  EXPECT_EQ(out, "1 42.1\r\n2 42.7\r\n3 42.8\r\n.\r\n");
}

TEST(Pop3Numbering, FindsNeitherMarkedNorAbsentMessages) {
  auto messages = three_messages();
  messages.mark(0);
  EXPECT_EQ(std::get<answer>(messages.find("1")), answer::already_deleted);
  EXPECT_EQ(std::get<answer>(messages.find("0")), answer::no_such_message);
  EXPECT_EQ(std::get<answer>(messages.find("4")), answer::no_such_message);
  EXPECT_EQ(std::get<answer>(messages.find("18446744073709551615")), answer::no_such_message);
  EXPECT_EQ(std::get<answer>(messages.find("-1")), answer::malformed);
  EXPECT_EQ(std::get<size_t>(messages.find("2")), 1u);
}

} // namespace
} // namespace stagepost::pop3
