#include "tests/protocols/smtp_client/script.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace stagepost::smtp_client {
namespace {

const std::string own_data = STAGEPOST_SOURCE_DIR "/tests/data/smtp_client";

/// Plays `from`; `next_size` says how many octets of what is left go into the next feed.
template <class NextSize>
void play(const script& from, NextSize next_size) {
  auto client = caller_of(from);
  for (const auto& one : from.turns) {
    for (bytes_view rest = one.sent; !rest.empty();) {
      const auto size = std::min(next_size(rest.size()), rest.size());
      client.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    ASSERT_EQ(client.output, one.expected) << "after " << printable(one.sent, 400);
    client.output.clear();
  }
  EXPECT_TRUE(client.messages.empty()) << "a message was never begun";
}

class SmtpClientTranscript : public testing::TestWithParam<std::string> {};

TEST_P(SmtpClientTranscript, IsTheSameHoweverItIsCut) {
  const auto from = load_script(own_data + "/" + GetParam() + ".txt");
  ASSERT_GT(from.turns.size(), 1u);
  play(from, [](size_t left) { return left; });
  if (from.whole_only || HasFatalFailure()) return;
  play(from, [](size_t) { return size_t(1); });
  std::mt19937 random(20261122);
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i)
    play(from, [&](size_t left) {
      return std::uniform_int_distribution<size_t>(1, std::min<size_t>(left, 40))(random);
    });
}

std::vector<std::string> all_scripts() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(own_data)) out.push_back(entry.path().stem());
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(SmtpClient, SmtpClientTranscript, testing::ValuesIn(all_scripts()),
                         [](const auto& info) { return info.param; });

} // namespace
} // namespace stagepost::smtp_client
