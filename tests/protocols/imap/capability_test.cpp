#include "tests/protocols/imap/fake_account.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace stagepost::imap {
namespace {

const std::string data = STAGEPOST_SOURCE_DIR "/tests/data/imap/";

/// What tests/data/imap/capabilities.txt says of a phase.
std::string expected(const std::string& phase) {
  std::ifstream in(data + "capabilities.txt");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(phase + ": ")) return line.substr(phase.size() + 2);
  return "nothing about " + phase;
}

/// A capability as it is written, cut at "=" where that adds no extension but tells a mechanism, an
/// algorithm, a resource, a level or a limit.
struct announced {
  std::string name, value;

  explicit announced(const std::string& word) : name(word) {
    const size_t end = word.find('=');
    // These are capabilities and items of others, which the word behind extends.
    if (end == word.npos || std::set<std::string>{"SEARCH", "SORT", "STATUS"}.contains(word.substr(0, end)))
      return;
    name = word.substr(0, end);
    value = word.substr(end + 1);
  }

  /// The name of its transcript: in lower case, whatever is between letters and digits one "_", nothing at
  /// the end.
  std::string file() const {
    std::string made;
    for (const char c : name)
      if (is_ascii_alpha(c) || is_ascii_digit(c))
        made += ascii_lower(c);
      else if (!made.ends_with('_'))
        made += '_';
    if (made.ends_with('_')) made.pop_back();
    return made + ".txt";
  }
};

TEST(ImapCapability, IsWordForWordWhatTheFileSaysInEachPhase) {
  session_settings settings;
  settings.tls_offered = true;
  for (const char* name : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                           "SCRAM-SHA-256-PLUS"})
    settings.mechanisms.push_back(*sasl::mechanism_named(name));
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  const auto ask = [&] {
    client.output.clear();
    client.feed("a CAPABILITY\r\n");
    return client.output;
  };
  EXPECT_EQ(client.output, "* OK [" + expected("before-tls") + "] localhost\r\n");
  EXPECT_EQ(ask(), "* " + expected("before-tls") + "\r\na OK CAPABILITY completed\r\n");
  client.feed("b STARTTLS\r\n");
  EXPECT_EQ(ask(), "* " + expected("after-tls") + "\r\na OK CAPABILITY completed\r\n");
  client.feed("c LOGIN joe secret\r\n");
  EXPECT_TRUE(client.output.ends_with("c OK [" + expected("after-login") + "] Logged in\r\n"))
      << client.output;
  EXPECT_EQ(ask(), "* " + expected("after-login") + "\r\na OK CAPABILITY completed\r\n");
}

TEST(ImapCapability, HasATranscriptForEachThatIsAnnounced) {
  std::set<std::string> words;
  const auto take = [&](std::string_view list) {
    while (!list.empty()) words.emplace(take_until(list, ' '));
    words.erase("CAPABILITY");
  };
  for (const char* phase : {"before-tls", "after-tls", "after-login", "administrator"}) take(expected(phase));
  // Those that come with a setting, with the limits that their transcripts have.
  session_settings settings;
  settings.login_needs_tls = false;
  settings.max_append_bytes = 50;
  settings.message_limit = 2;
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  client.output.clear();
  client.feed("a LOGIN joe secret\r\n");
  const size_t begin = client.output.find('[') + 1;
  take(std::string_view(client.output).substr(begin, client.output.find(']') - begin));
  ASSERT_TRUE(words.contains("APPENDLIMIT=50") && words.contains("SAVELIMIT=2")) << client.output;
  for (const std::string& word : words) {
    const announced each(word);
    std::ifstream in(data + each.file());
    ASSERT_TRUE(in) << word << " needs tests/data/imap/" << each.file();
    const std::string text(std::istreambuf_iterator<char>(in), {});
    EXPECT_NE(text.find(each.name), text.npos) << each.file() << " must say that it is about " << word;
    // One file shows all values of AUTH=, QUOTA= and the like.
    EXPECT_NE(text.find(each.value), text.npos) << each.file() << " must show " << word;
  }
}

TEST(ImapCapability, NamesTranscriptsInOneWay) {
  const auto file = [](const char* word) { return announced(word).file(); };
  EXPECT_EQ(file("LITERAL+"), "literal.txt");
  EXPECT_EQ(file("SASL-IR"), "sasl_ir.txt");
  EXPECT_EQ(file("STATUS=SIZE"), "status_size.txt");
  EXPECT_EQ(file("QUOTA=RES-STORAGE"), "quota.txt");
  EXPECT_EQ(file("AUTH=SCRAM-SHA-1-PLUS"), "auth.txt");
  EXPECT_EQ(file("IMAP4rev2"), "imap4rev2.txt");
}

TEST(ImapCapability, TellsAdministratorsThatTheySetQuotas) {
  session_settings settings;
  settings.login_needs_tls = false;
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  client.administer();
  client.feed("a LOGIN joe secret\r\n");
  EXPECT_TRUE(client.output.ends_with("a OK [" + expected("administrator") + "] Logged in\r\n"))
      << client.output;
}

TEST(ImapCapability, OffersLoginByCertificateOnlyToWhoHasShownOne) {
  session_settings settings;
  settings.mechanisms = {sasl::mechanism::external};
  fake_account account;
  fake_connection stranger(account, settings, true, {"exported", ""});
  stranger.start();
  stranger.feed("a AUTHENTICATE EXTERNAL =\r\n");
  EXPECT_EQ(stranger.output.find("AUTH=EXTERNAL"), std::string::npos);
  EXPECT_TRUE(stranger.output.ends_with("a NO [CANNOT] Unsupported authentication mechanism\r\n"));
  fake_connection known(account, settings, true, {"exported", "", {"joe@example.test"}});
  known.start();
  EXPECT_NE(known.output.find(" AUTH=EXTERNAL"), std::string::npos);
  known.feed("a AUTHENTICATE EXTERNAL YW5uQGV4YW1wbGUudGVzdA==\r\n");
  EXPECT_TRUE(known.output.ends_with("a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"));
  known.feed("b AUTHENTICATE EXTERNAL\r\n\r\n");
  EXPECT_NE(known.output.find("+ \r\nb OK "), std::string::npos) << known.output;
}

TEST(ImapCapability, LeavesOutIdleWhereItIsSwitchedOff) {
  session_settings settings;
  settings.idle = false;
  settings.login_needs_tls = false;
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  client.feed("a LOGIN joe secret\r\nb IDLE\r\n");
  EXPECT_EQ(client.output.find(" IDLE"), std::string::npos);
  EXPECT_EQ(client.output.find("IMAP4rev2"), std::string::npos) << "IDLE is part of it";
  EXPECT_TRUE(client.output.ends_with("b BAD Unknown command\r\n"));
}

} // namespace
} // namespace stagepost::imap
