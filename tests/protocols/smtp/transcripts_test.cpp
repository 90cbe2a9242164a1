#include "tests/protocols/smtp/fake_environment.hpp"
#include "tests/protocols/smtp/transcript.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

namespace stagepost::smtp {
namespace {

const std::string own_data = STAGEPOST_SOURCE_DIR "/tests/data/smtp";

/// Plays `script`; `next_size` says how many octets of what is left go into the next feed.
template <class NextSize>
void play(const transcript& script, NextSize next_size) {
  const tls_facts tls =
      script.on_tls ? tls_facts{"TLSv1.3", "TLS_AES_256_GCM_SHA384", {"exported", ""}} : tls_facts{};
  fake_environment server(script.settings, {"192.0.2.7", script.on_tls}, tls);
  server.start();
  for (const auto& one : script.turns) {
    for (bytes_view rest = one.sent; !rest.empty();) {
      const auto size = std::min(next_size(rest.size()), rest.size());
      server.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    ASSERT_EQ(server.output, one.expected) << "after " << printable(one.sent, 400);
    server.output.clear();
  }
  if (script.body.empty()) return;
  ASSERT_FALSE(server.stored.empty());
  std::string expected;
  for (const auto& line : script.body) expected += line + "\r\n";
  EXPECT_EQ(server.stored.back().content, expected);
}

class SmtpTranscript : public testing::TestWithParam<std::string> {};

TEST_P(SmtpTranscript, IsTheSameHoweverItIsCut) {
  const auto script = load_transcript(own_data + "/" + GetParam() + ".txt");
  ASSERT_GT(script.turns.size(), 1u);
  play(script, [](size_t left) { return left; });
  if (script.whole_only || HasFatalFailure()) return;
  play(script, [](size_t) { return size_t(1); });
  std::mt19937 random(20261122);
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i)
    play(script, [&](size_t left) {
      return std::uniform_int_distribution<size_t>(1, std::min<size_t>(left, 40))(random);
    });
}

std::vector<std::string> all_transcripts() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(own_data)) out.push_back(entry.path().stem());
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(Smtp, SmtpTranscript, testing::ValuesIn(all_transcripts()),
                         [](const auto& info) { return info.param; });

} // namespace
} // namespace stagepost::smtp
