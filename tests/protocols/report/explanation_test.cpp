#include "protocols/report/explanation.hpp"

#include <gtest/gtest.h>

namespace stagepost::report {
namespace {

TEST(Explanation, NamesTheDomainAndSaysWhatToDo) {
  smtp_client::outcome why;
  why.status = {5, 2, 2};
  EXPECT_EQ(explain(why, "example.test").what, "The recipient's mailbox is full.");
  why.status = {5, 1, 1};
  EXPECT_EQ(explain(why, "example.test").what, "The address does not exist at example.test.");
  EXPECT_NE(explain(why, "example.test").advice, "");
  why.status = {4, 4, 1};
  EXPECT_EQ(explain(why, "").what, "The server of the recipient could not be reached.");
}

TEST(Explanation, HasWordsForEveryStatus) {
  smtp_client::outcome why;
  for (uint16_t subject = 0; subject < 12; ++subject)
    for (uint16_t detail = 0; detail < 40; ++detail) {
      why.status = {5, subject, detail};
      const auto text = explain(why, "example.test");
      EXPECT_TRUE(text.what.ends_with(".")) << subject << "." << detail;
      EXPECT_EQ(text.what.find('%'), std::string::npos) << subject << "." << detail;
    }
}

} // namespace
} // namespace stagepost::report
