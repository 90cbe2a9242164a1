#include "protocols/base/bytes.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

TEST(BaseBytes, WritesBigEndianSoThatKeysSortLikeNumbers) {
  bytes small, large;
  append_big_endian(small, uint32_t(255));
  append_big_endian(large, uint32_t(256));
  EXPECT_EQ(small, bytes("\0\0\0\xff", 4));
  EXPECT_LT(small, large);
}

TEST(BaseBytes, ReadsTheBigEndianNumberItWrote) {
  for (const uint64_t value : {uint64_t(0), uint64_t(1), uint64_t(0x0123456789abcdef), ~uint64_t(0)}) {
    bytes out;
    append_big_endian(out, value);
    EXPECT_EQ(read_big_endian<uint64_t>(out + "more"), value);
  }
}

TEST(BaseBytes, ReadsTheVarintItWrote) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {(uint64_t(1) << bit) - 1, uint64_t(1) << bit, ~uint64_t(0)}) {
      bytes out;
      append_varint(out, value);
      bytes_view in = out;
      uint64_t read = 0;
      ASSERT_TRUE(take_varint(in, read));
      EXPECT_EQ(read, value);
      EXPECT_TRUE(in.empty());
    }
  }
}

TEST(BaseBytes, LeavesACutVarintWhereItIs) {
  bytes_view in("\x80\x80", 2);
  uint64_t value = 7;
  EXPECT_FALSE(take_varint(in, value));
  EXPECT_EQ(in.size(), 2u);
  EXPECT_EQ(value, 7u);
}

TEST(BaseBytes, RefusesAVarintOfMoreThan64Bits) {
  bytes too_long(9, '\xff');
  uint64_t value = 0;
  too_long += '\x02';
  bytes_view in = too_long;
  EXPECT_FALSE(take_varint(in, value));
  bytes endless(20, '\x80');
  in = endless;
  EXPECT_FALSE(take_varint(in, value));
}

TEST(BaseBytes, TakesCountedTextsInOrder) {
  bytes out;
  append_counted(out, "one");
  append_counted(out, "");
  append_counted(out, bytes(300, 'x'));
  bytes_view in = out;
  bytes_view text;
  ASSERT_TRUE(take_counted(in, text));
  EXPECT_EQ(text, "one");
  ASSERT_TRUE(take_counted(in, text));
  EXPECT_EQ(text, "");
  ASSERT_TRUE(take_counted(in, text));
  EXPECT_EQ(text.size(), 300u);
  EXPECT_FALSE(take_counted(in, text));
}

TEST(BaseBytes, RefusesACountLargerThanWhatIsThere) {
  bytes_view in("\x05"
                "abc",
                4);
  bytes_view text;
  EXPECT_FALSE(take_counted(in, text));
  EXPECT_EQ(in.size(), 4u);
}

} // namespace
} // namespace stagepost
