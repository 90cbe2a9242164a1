#include "protocols/mailauth/tag_list.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

TEST(TagList, ReadsNamesAndValues) {
  const bytes text = " a=1; b = two words\r\n\t; c_d=; e=x=y ;";
  const auto list = tag_list::parse(text);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->value("a"), "1");
  EXPECT_EQ(list->value("b"), "two words");
  EXPECT_EQ(list->find("b")->raw, " two words\r\n\t");
  EXPECT_EQ(list->value("c_d", "other"), "");
  EXPECT_EQ(list->value("e"), "x=y");
  EXPECT_EQ(list->value("A", "other"), "other");
}

TEST(TagList, RefusesBrokenLists) { // RFC 6376 3.2
  for (const auto* text :
       {"", ";", "a", "a=1;;b=2", "a=1; a=2", "=1", "1a=1", "a b=1", "a=1;b", "a-b=1", "a=\x01"})
    EXPECT_FALSE(tag_list::parse(text)) << text;
  bytes many;
  for (size_t i = 0; i <= max_tags; ++i) many += "t" + std::to_string(i) + "=1;";
  EXPECT_FALSE(tag_list::parse(many));
}

TEST(TagList, TakesUtf8InValues) { // RFC 8616 5
  EXPECT_EQ(tag_list::parse("d=b\xc3\xbc"
                            "cher.example")
                ->value("d"),
            "b\xc3\xbc"
            "cher.example");
}

TEST(TagList, SplitsListsAtColons) {
  EXPECT_EQ(split_list("From : To:\r\n Subject"), (std::vector<std::string_view>{"From", "To", "Subject"}));
  EXPECT_EQ(split_list(""), (std::vector<std::string_view>{""}));
}

TEST(TagList, FoldsFieldsItWrites) {
  const auto field = write_tag_field("Name",
                                     {{"a", "1"},
                                      {"h", "from:to:subject:date", break_at::colons},
                                      {"b", std::string(30, 'x'), break_at::anywhere}},
                                     20);
  EXPECT_EQ(field, "Name: a=1;\r\n"
                   " h=from:to:subject:\r\n"
                   " date;\r\n"
                   " b=xxxxxxxxxxxxxxxxx\r\n"
                   " xxxxxxxxxxxxx\r\n");
}

TEST(TagList, FoldsATagTheSameWhateverStandsBefore) {
  const auto tail = [](std::string before) {
    const auto field = write_tag_field(
        "Name",
        {{"b", std::move(before), break_at::anywhere}, {"h", "aaaaaaaa:bbbbbbbb:cccccccc", break_at::colons}},
        20);
    return field.substr(field.find("h="));
  };
  for (size_t size = 0; size < 60; ++size) EXPECT_EQ(tail(std::string(size, 'x')), tail(""));
}

TEST(TagList, WritesWhatItReads) {
  for (const size_t length : {1u, 10u, 40u, 76u, 998u}) {
    const std::string value(200, 'v');
    const auto field =
        write_tag_field("Name", {{"a", "1"}, {"b", value, break_at::anywhere}, {"c", "2"}}, length);
    const auto list = tag_list::parse(bytes_view(field).substr(5));
    ASSERT_TRUE(list) << field;
    EXPECT_EQ(without_white_space(list->value("b")), value);
    EXPECT_EQ(list->value("c"), "2");
  }
}

} // namespace
} // namespace stagepost::mailauth
