// The client's side against the server's side of this tree, without a wire.
#include "tests/protocols/smtp/fake_environment.hpp"
#include "tests/protocols/smtp_client/script.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace stagepost::smtp_client {
namespace {

smtp::session_settings server_settings(smtp::session_kind kind) {
  smtp::session_settings out;
  out.kind = kind;
  out.host_name = "server.example.test";
  out.append_received = smtp::received_policy::none;
  out.login_needs_tls = false;
  out.max_bad_recipients = 0;
  if (kind == smtp::session_kind::submission) out.mechanisms = {sasl::mechanism::scram_sha_256};
  return out;
}

/// Lets both talk until neither has anything to say. Packets are cut at random.
void converse(fake_caller& client, smtp::fake_environment& server, std::mt19937& random) {
  const auto pour = [&](bytes from, auto into) {
    for (bytes_view rest = from; !rest.empty();) {
      const auto piece = rest.substr(0, 1 + random() % 50);
      into(piece);
      rest.remove_prefix(piece.size());
    }
  };
  while (!server.output.empty() || !client.output.empty()) {
    pour(std::exchange(server.output, {}), [&](bytes_view piece) { client.feed(piece); });
    client.output.clear();
    pour(std::exchange(client.sent, {}), [&](bytes_view piece) { server.feed(piece); });
  }
}

struct way {
  smtp::session_kind kind;
  bool chunks;
};

class OwnServer : public testing::TestWithParam<way> {};

TEST_P(OwnServer, GetsEveryContentAsItIs) {
  const auto [kind, chunks] = GetParam();
  std::mt19937 random(20261122);
  session_settings settings;
  settings.hello_name = "client.example.test";
  settings.protocol = kind == smtp::session_kind::lmtp ? protocol::lmtp : protocol::smtp;
  settings.use_chunking = chunks;
  settings.nonce = bytes(18, 'n');
  if (kind == smtp::session_kind::submission) settings.login = credentials{"joe@example.test", "secret", ""};
  fake_caller client(settings);
  client.quits = true;
  std::vector<bytes> contents;
  for (int i = 0; i < 30; ++i) {
    bytes content = "Subject: x\r\nFrom: joe@example.test\r\nDate: Sun, 22 Nov 2026 16:19:33 +0000\r\n"
                    "Message-ID: <" +
                    std::to_string(i) + "@example.test>\r\n\r\n";
    for (size_t lines = random() % 40; lines > 0; --lines)
      content +=
          std::array{"", ".", "..", "a line", ". dot", "gr\xc3\xbc"}[random() % 6] + std::string("\r\n");
    contents.push_back(content);
    auto& message = client.messages.emplace_back();
    message.content = std::move(content);
    message.what.envelope.sender = "joe@example.test";
    message.what.envelope.body = smtp::body_type::eight_bit_mime;
    for (const auto* one : {"a@example.test", "nobody@example.test", "late@example.test"})
      message.what.envelope.recipients.emplace_back().address = one;
  }
  client.piece_size = 1 + random() % 100;
  smtp::fake_environment server(server_settings(kind));
  server.start();
  converse(client, server, random);
  ASSERT_EQ(client.ends.size(), contents.size());
  ASSERT_EQ(server.stored.size(), contents.size());
  for (size_t i = 0; i < contents.size(); ++i) {
    EXPECT_EQ(server.stored[i].content, contents[i]) << i;
    const auto& ends = client.ends[i].outcomes;
    ASSERT_EQ(ends.size(), 3u);
    EXPECT_EQ(ends[0].fate, fate::delivered);
    EXPECT_EQ(to_string(ends[1].status), "5.1.1");
    // SMTP has one reply for all: the first recipient's in this server. LMTP tells them apart.
    EXPECT_EQ(ends[2].fate, kind == smtp::session_kind::lmtp ? fate::temporary : fate::delivered);
  }
  EXPECT_TRUE(client.closed);
}

INSTANTIATE_TEST_SUITE_P(Ways, OwnServer,
                         testing::Values(way{smtp::session_kind::relay, false},
                                         way{smtp::session_kind::relay, true},
                                         way{smtp::session_kind::lmtp, false},
                                         way{smtp::session_kind::lmtp, true},
                                         way{smtp::session_kind::submission, true}));

} // namespace
} // namespace stagepost::smtp_client
