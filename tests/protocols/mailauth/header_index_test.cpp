#include "protocols/mailauth/header_index.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

TEST(HeaderIndex, HandsOutInstancesFromTheBottom) { // RFC 6376 5.4.2
  const bytes block = "A: 1\r\nno field\r\na: 2\r\n 3\r\nB: 4\r\n\r\nA: 5\r\n";
  const header_index header(block);
  EXPECT_EQ(header.fields().size(), 3u);
  field_picker picker(header);
  const auto text = [&](const std::string& name) {
    const auto* field = picker.next(name);
    return field ? bytes(header.text_of(*field)) : bytes();
  };
  EXPECT_EQ(text("a"), "a: 2\r\n 3\r\n");
  EXPECT_EQ(text("b"), "B: 4\r\n");
  EXPECT_EQ(text("a"), "A: 1\r\n");
  EXPECT_EQ(text("a"), "");
  EXPECT_EQ(text("c"), "");
  EXPECT_EQ(text("c"), "");
}

TEST(HeaderIndex, HasLimits) {
  EXPECT_FALSE(header_index("A: " + bytes(max_header_bytes, 'x') + "\r\n\r\n").within_limits());
  bytes many;
  for (size_t i = 0; i <= max_header_fields; ++i) many += "A: 1\r\n";
  const header_index header(many);
  EXPECT_FALSE(header.within_limits());
  EXPECT_TRUE(header.places_of("a").empty());
}

} // namespace
} // namespace stagepost::mailauth
