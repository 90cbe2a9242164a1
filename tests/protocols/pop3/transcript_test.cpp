#include "tests/protocols/pop3/fake_host.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace stagepost::pop3 {
namespace {

/// tests/data/pop3/*.txt: "C: " what the client sends, "S: " what the server must send, "T:" the TLS
/// handshake, "! word" a change to the listener, "#" a remark. All the client says between two handshakes is
/// fed as one stream.
struct transcript {
  session_settings settings = ordinary_settings();
  bool on_tls = false;
  std::vector<bytes> client{bytes()}; // one for each time before, between and after handshakes
  bytes server;
};

transcript read_transcript(const std::filesystem::path& path) {
  transcript script;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("C: ")) script.client.back() += line.substr(3) + "\r\n";
    if (line.starts_with("S: ")) script.server += line.substr(3) + "\r\n";
    if (line.starts_with("T:")) script.client.emplace_back();
    if (line == "! login needs tls") script.settings.login_needs_tls = true;
    if (line == "! no tls offered") script.settings.tls_offered = false;
    if (line == "! implicit tls") script.on_tls = true;
    if (line == "! three bad commands") script.settings.max_bad_commands = 3;
    if (line == "! scram only")
      script.settings.mechanisms = {sasl::mechanism::scram_sha_256, sasl::mechanism::scram_sha_256_plus};
  }
  return script;
}

template <class Feed>
bytes play(const transcript& script, Feed feed) {
  fake_host host(script.settings, script.on_tls);
  host.mail = ordinary_mail();
  for (const auto& part : script.client) feed(host, part);
  return host.seen;
}

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(STAGEPOST_SOURCE_DIR "/tests/data/pop3"))
    if (entry.path().extension() == ".txt") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Pop3Transcripts, AreAnsweredAlikeHoweverTheInputIsCut) {
  const auto paths = transcripts();
  ASSERT_FALSE(paths.empty());
  std::mt19937 random(1939);
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename().string());
    const auto script = read_transcript(path);
    EXPECT_EQ(play(script, [](fake_host& host, bytes_view part) { host.feed(part); }), script.server);
    EXPECT_EQ(play(script, [](fake_host& host, bytes_view part) { host.feed(part, 1); }), script.server);
    for (int round = 0; round < 20; ++round) {
      const size_t step = 2 + random() % 40;
      EXPECT_EQ(play(script, [&](fake_host& host, bytes_view part) { host.feed(part, step); }), script.server)
          << "in pieces of " << step;
    }
  }
}

TEST(Pop3Transcripts, AreAnsweredAlikeHoweverMessagesAreCut) {
  for (const auto& path : transcripts()) {
    SCOPED_TRACE(path.filename().string());
    const auto script = read_transcript(path);
    for (const size_t piece_bytes : {1, 2, 3, 7}) {
      EXPECT_EQ(play(script,
                     [&](fake_host& host, bytes_view part) {
                       host.piece_bytes = piece_bytes;
                       host.feed(part);
                     }),
                script.server);
    }
  }
}

} // namespace
} // namespace stagepost::pop3
