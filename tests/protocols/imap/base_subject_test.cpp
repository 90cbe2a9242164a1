#include "protocols/imap/commands/base_subject.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

struct subject_case {
  const char* subject;
  const char* base;
  bool is_reply_or_forward;
};

// RFC 5256 2.1, step by step.
const subject_case cases[] = {
    {"", "", false},
    {"hello", "hello", false},
    {"  hello \t  world ", "hello world", false},
    {"hello\r\n world", "hello world", false},
    {"=?utf-8?q?Re:_Gr=C3=BC=C3=9Fe?=", "Grüße", true},
    {"hello (fwd)", "hello", true},
    {"hello (FWD) (fwd)  ", "hello", true},
    {"hello(fwd)", "hello", true},
    {"hello (fwd) you", "hello (fwd) you", false},
    {"Re: hello", "hello", true},
    {"RE:hello", "hello", true},
    {"re : hello", "hello", true},
    {"Fw: hello", "hello", true},
    {"Fwd: hello", "hello", true},
    {"Re: Fwd: re:hello", "hello", true},
    {"Reason: hello", "Reason: hello", false},
    {"Re hello", "Re hello", false},
    {"Re[2]: hello", "hello", true},
    {"Re [2] : hello", "hello", true},
    {"[list] hello", "hello", false},
    {"[list] [more] hello", "hello", false},
    {"[list]", "[list]", false},
    {"Re: [list]", "[list]", true},
    {"[list] Re: hello", "hello", true},
    {"[list] Re: [list] [more] Re[4]: hello", "hello", true},
    {"[a[b] hello", "[a[b] hello", false},
    {"[] hello", "hello", false},
    {"[Fwd: hello]", "hello", true},
    {"[fwd: [fwd: hello]]", "hello", true},
    {"Re: [Fwd: Re: hello (fwd)] (fwd)", "hello", true},
    {"[Fwd: hello] you", "you", false},
    {"Re:", "", true},
    {"(fwd)", "", true},
    {"[fwd:]", "", true},
    {"AW: hello", "AW: hello", false},
};

TEST(ImapBaseSubject, TakesOffWhatRepliesAndForwardsAdd) {
  for (const subject_case& each : cases) {
    const base_subject found = extract_base_subject(each.subject);
    EXPECT_EQ(found.text, each.base) << each.subject;
    EXPECT_EQ(found.is_reply_or_forward, each.is_reply_or_forward) << each.subject;
  }
}

TEST(ImapBaseSubject, IsItsOwnBase) {
  for (const subject_case& each : cases) {
    const std::string once = extract_base_subject(each.subject).text;
    EXPECT_EQ(extract_base_subject(once).text, once) << each.subject;
  }
}

TEST(ImapBaseSubject, TakesALongSubjectInOneGo) {
  std::string marks;
  for (int i = 0; i < 200'000; ++i) marks += "[]";
  EXPECT_EQ(extract_base_subject(marks + "x").text, "x");
  EXPECT_EQ(extract_base_subject(marks).text, "[]");
  std::string wrapped;
  for (int i = 0; i < 100'000; ++i) wrapped += "[fwd:re:";
  EXPECT_EQ(extract_base_subject(wrapped + "x" + std::string(100'000, ']')).text, "x");
}

} // namespace
} // namespace stagepost::imap
