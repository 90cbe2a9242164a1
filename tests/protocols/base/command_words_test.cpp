#include "protocols/base/command_words.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

using words = std::vector<std::string>;

TEST(CommandWords, PartsAtSpacesOutsideOfQuotes) {
  EXPECT_EQ(split_command("/usr/bin/scan  --remove\t%filepath "),
            (words{"/usr/bin/scan", "--remove", "%filepath"}));
  EXPECT_EQ(split_command("'/opt/my scanner/run' \"a 'b' c\" d\\ e"),
            (words{"/opt/my scanner/run", "a 'b' c", "d e"}));
  EXPECT_EQ(split_command("a'b'\"c\" '' \"\\\"\" '\\'"), (words{"abc", "", "\"", "\\"}));
  EXPECT_EQ(split_command(""), words{});
}

TEST(CommandWords, MeansNothingByWhatAShellWouldRead) {
  EXPECT_EQ(split_command("/bin/x $HOME;rm *|y >z `w`"), (words{"/bin/x", "$HOME;rm", "*|y", ">z", "`w`"}));
}

TEST(CommandWords, RefusesWhatHasNoEnd) {
  EXPECT_FALSE(split_command("/bin/x 'a"));
  EXPECT_FALSE(split_command("/bin/x \"a\\\""));
  EXPECT_FALSE(split_command("/bin/x a\\"));
}

TEST(CommandWords, PutsTheFileIntoTheArgumentsOnly) {
  EXPECT_FALSE(names_file({"/bin/%filepath"}));
  EXPECT_FALSE(names_file({}));
  EXPECT_TRUE(names_file({"/bin/x", "--file=%filepath"}));
  EXPECT_EQ(with_file({"/bin/%filepath", "--file=%filepath", "%filepath%filepath"}, "/a %filepath"),
            (words{"/bin/%filepath", "--file=/a %filepath", "/a %filepath/a %filepath"}));
}

TEST(CommandWords, KnowsTheFileInAnyLetterCase) {
  EXPECT_TRUE(names_file({"/bin/x", "%FILEPATH"}));
  EXPECT_FALSE(names_file({"/bin/x", "%file%", "%", "100%%filepat"}));
  EXPECT_EQ(with_file({"/bin/x", "%FilePath", "%%FILEPATH%filepat"}, "/a"),
            (words{"/bin/x", "/a", "%/a%filepat"}));
}

} // namespace
} // namespace stagepost
