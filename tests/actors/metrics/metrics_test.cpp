#include "actors/metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace stagepost::metrics {
namespace {

TEST(Metrics, ShowsEachFigureWithItsHelpAndItsKind) {
  counters all;
  all.add(counter::messages_accepted);
  all.add(counter::messages_accepted, 41);
  all.change(gauge::imap_open, 3);
  all.change(gauge::imap_open, -1);
  const auto text = to_prometheus(all, {{"stagepost_more", "More of it.", true, [] { return 7.0; }}});
  EXPECT_NE(
      text.find("# HELP stagepost_messages_accepted_total Messages answered with 250: on disk.\n"
                "# TYPE stagepost_messages_accepted_total counter\nstagepost_messages_accepted_total 42\n"),
      std::string::npos);
  EXPECT_NE(text.find("# TYPE stagepost_imap_connections gauge\nstagepost_imap_connections 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("# TYPE stagepost_more counter\nstagepost_more 7\n"), std::string::npos);
}

TEST(Metrics, NamesNothingTwiceAndEverythingByTheRules) {
  std::set<std::string> names;
  std::istringstream lines(to_prometheus(counters{}, {}));
  size_t figures = 0;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_FALSE(line.empty());
    if (line.front() == '#') continue;
    ++figures;
    const auto name = line.substr(0, line.find(' '));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << name;
  }
  EXPECT_EQ(figures, size_t(counter::count_) + size_t(gauge::count_));
}

} // namespace
} // namespace stagepost::metrics
