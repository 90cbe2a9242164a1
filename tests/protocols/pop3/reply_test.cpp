#include "protocols/pop3/reply.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stagepost::pop3 {
namespace {

TEST(Pop3Reply, IsOneLineOfAtMost512OctetsWithAStatus) {
  for (int i = 0; i <= int(answer::shutting_down); ++i) {
    const std::string text(text_of(answer(i)));
    EXPECT_TRUE(text.starts_with(i < int(answer::unknown_command) ? "+OK" : "-ERR")) << text;
    EXPECT_LE(text.size(), 512u); // RFC 1939 3
    EXPECT_EQ(text.find("\r\n"), text.size() - 2);
    EXPECT_NE(text, "-ERR\r\n") << i << " has no text";
  }
}

} // namespace
} // namespace stagepost::pop3
