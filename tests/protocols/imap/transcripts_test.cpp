#include "tests/protocols/imap/fake_account.hpp"
#include "tests/protocols/imap/transcript.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace stagepost::imap {
namespace {

const std::string own_data = STAGEPOST_SOURCE_DIR "/tests/data/imap";

/// Plays `script`; `next_size` says how many octets of what is left go into the next feed.
template <class NextSize>
void play(const transcript& script, NextSize next_size) {
  fake_account account;
  account.quota_bytes = script.quota_bytes;
  account.mailbox_limit = script.mailbox_limit;
  account.neighbours = script.neighbours;
  for (const std::string& name : script.mailboxes) account.add(name);
  for (const auto& [name, held] : script.foreign) {
    mailbox_info& info = account.add(name).info;
    info.foreign = true;
    info.rights = held;
  }
  std::map<char, std::unique_ptr<fake_connection>> clients;
  const auto client_named = [&](char name) -> fake_connection& {
    auto& client = clients[name];
    if (client) return *client;
    client = std::make_unique<fake_connection>(account, script.settings, script.on_tls,
                                               sasl::channel_binding{"exported", ""});
    client->each_turn_takes = script.reading_takes;
    client->start();
    client->session().use_sharing(script.sharing);
    if (script.administers) client->administer();
    if (script.logged_in || name != '1') {
      client->feed("a0 LOGIN joe secret\r\n");
      EXPECT_NE(client->output.find("a0 OK"), std::string::npos) << client->output;
      client->output.clear();
    }
    return *client;
  };
  const instant arrival{std::chrono::seconds(1794960000)};
  for (const transcript::step& step : script.steps) {
    if (step.what == transcript::step::kind::deliver) {
      account.deliver("INBOX", load_mail(step.argument), arrival);
      continue;
    }
    if (step.what == transcript::step::kind::expunge) {
      account.remove(account.mailboxes.at("INBOX"), {uid{uint32_t(std::stoul(step.argument))}});
      continue;
    }
    if (step.what == transcript::step::kind::forget_log) {
      account.mailboxes.at("INBOX").log_begins = std::stoul(step.argument);
      continue;
    }
    fake_connection& client = client_named(step.turn.client);
    for (bytes_view rest = step.turn.sent; !rest.empty();) {
      const size_t size = std::min(next_size(rest.size()), rest.size());
      client.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    ASSERT_EQ(client.output, step.turn.expected) << "after " << printable(step.turn.sent, 400);
    client.output.clear();
  }
}

class ImapTranscript : public testing::TestWithParam<std::string> {};

TEST_P(ImapTranscript, IsTheSameHoweverItIsCut) {
  const transcript script = load_transcript(own_data, GetParam() + ".txt");
  ASSERT_FALSE(script.steps.empty());
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
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(own_data))
    if (file.path().extension() == ".txt" && file.path().stem() != "capabilities")
      names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Imap, ImapTranscript, testing::ValuesIn(all_transcripts()),
                         [](const auto& each) { return each.param; });

} // namespace
} // namespace stagepost::imap
