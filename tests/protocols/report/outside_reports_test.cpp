// Real bounces of 77 kinds of servers: see the SOURCE.md of the outside data.
#include "protocols/base/text.hpp"
#include "protocols/report/auto_reply.hpp"
#include "protocols/report/dsn_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace stagepost::report {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> outside_reports() {
  std::vector<fs::path> out;
  const auto folder = fs::path(STAGEPOST_SOURCE_DIR "/../shared/data/bounce-dsn");
  if (!fs::exists(folder)) return out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".eml") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

bytes read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// How many lines begin with "Final-Recipient", wherever they stand.
size_t final_recipients(bytes_view message) {
  size_t out = 0;
  while (!message.empty())
    if (ascii_istarts_with(take_until(message, '\n'), "Final-Recipient")) ++out;
  return out;
}

TEST(OutsideReports, AreReadWhereTheyKeepToTheStandard) {
  const auto files = outside_reports();
  if (files.empty()) GTEST_SKIP() << "no outside data";
  size_t reports = 0;
  size_t read = 0;
  for (const auto& file : files) {
    const auto message = read_all(file);
    if (message.find("report-type=delivery-status") == message.npos &&
        message.find("report-type=\"delivery-status\"") == message.npos)
      continue;
    ++reports;
    const auto told = parse_dsn(message);
    if (!told) continue;
    ++read;
    EXPECT_LE(told->recipients.size(), final_recipients(message)) << file;
    for (const auto& one : told->recipients) EXPECT_FALSE(one.final_recipient.empty()) << file;
  }
  EXPECT_GT(reports, 100u);
  // The rest name the type in a returned message only, or have no recipient with an action: Python reads none
  // either.
  EXPECT_GE(read * 100, reports * 94) << read << " of " << reports;
}

TEST(OutsideReports, AreNeverAnswered) {
  for (const auto& file : outside_reports()) {
    const auto message = read_all(file);
    // Taken for a report by the fields alone, as if its reverse path had been lost on the way.
    if (!parse_dsn(message)) continue;
    incoming_message came;
    came.sender = "somebody@example.test";
    came.header = message;
    came.must_be_addressed = false;
    EXPECT_NE(obstacle_to_reply(came), reply_obstacle::none) << file;
  }
}

} // namespace
} // namespace stagepost::report
