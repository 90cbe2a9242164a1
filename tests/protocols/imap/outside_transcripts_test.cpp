#include "tests/protocols/imap/fake_account.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>

namespace stagepost::imap {
namespace {

const std::string scripts = STAGEPOST_SOURCE_DIR "/../shared/data/james-transcripts/imap/scripts";

struct outside_turn {
  bytes sent;
  std::vector<std::string> expected; ///< regular expressions
};

/// Dialogues somebody else wrote down: "C:" is sent, "S:" is what must match a line; the rest is their
/// runner's.
std::vector<outside_turn> load(const std::string& name) {
  std::vector<outside_turn> turns(1);
  std::ifstream in(scripts + "/" + name + ".test");
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::string text = line.size() > 3 ? line.substr(3) : std::string{};
    if (line.starts_with("C:")) {
      if (!turns.back().expected.empty()) turns.emplace_back();
      turns.back().sent += text + "\r\n";
    } else if (line.starts_with("S:")) {
      turns.back().expected.push_back(text);
    }
  }
  return turns;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\r\n", at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

/// What is said of flags depends on \Recent, which we do not keep; what surrounds it does not.
std::string without_flags(const std::string& line) {
  static const std::regex flags(R"(FLAGS \\?\([^)]*\) ?| FLAGS \\?\([^)]*\))");
  return std::regex_replace(line, flags, "");
}

bool is_compared(const std::string& line) {
  static const std::regex wanted(R"(^(\\)?\* ((\\d\+|\d+) FETCH|E?SEARCH|STATUS).*)");
  static const std::regex untagged(R"(^(\\)?\*.*|^\S+ (OK|NO|BAD).*|^(\\)?\+.*)");
  if (std::regex_match(line, wanted)) return without_flags(line).find("FETCH \\(\\)") == std::string::npos;
  // Not a response of its own: octets of a literal.
  return !std::regex_match(line, untagged);
}

/// An empty section is NIL, "" or {0} as one likes.
std::vector<std::string> plain(std::vector<std::string> lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const std::string empty : {"\\{0\\}", "{0}"}) {
      if (!lines[i].ends_with(empty) || i + 1 == lines.size()) continue;
      lines[i].replace(lines[i].size() - empty.size(), empty.size(), "NIL" + lines[i + 1]);
      lines.erase(lines.begin() + ptrdiff_t(i) + 1);
      break;
    }
  }
  return lines;
}

/// A line for comparison by itself: in one case, parameters in one order, and without the charset that goes
/// without saying (RFC 2045 5.2).
std::string canonical(const std::string& line) {
  static const std::regex list(R"(\("[^"]*" "[^"]*"( "[^"]*" "[^"]*")*\))");
  static const std::regex pair(R"("[^"]*" "[^"]*")");
  const std::string lower = ascii_lower(line);
  std::string out;
  size_t done = 0;
  for (std::sregex_iterator at(lower.begin(), lower.end(), list), end; at != end; ++at) {
    out += lower.substr(done, size_t(at->position()) - done);
    done = size_t(at->position() + at->length());
    std::set<std::string> pairs;
    const std::string all = at->str();
    for (std::sregex_iterator each(all.begin(), all.end(), pair); each != end; ++each)
      pairs.insert(each->str());
    pairs.erase("\"charset\" \"us-ascii\"");
    std::string joined;
    for (const std::string& each : pairs) joined += (joined.empty() ? "" : " ") + each;
    out += joined.empty() ? "nil" : "(" + joined + ")";
  }
  return out + lower.substr(done);
}

/// What a regular expression without wildcards stands for.
std::string literal_of(const std::string& pattern) {
  static const std::regex escape(R"(\\([^A-Za-z0-9]))");
  return std::regex_replace(pattern, escape, "$1");
}

bool agree(const std::string& told, const std::string& expected) {
  // Braces that are meant as they stand.
  static const std::regex bare_brace(R"(([^\\])\{(\d+)\})");
  const std::string pattern = std::regex_replace(expected, bare_brace, R"($1\{$2\})");
  return canonical(told) == canonical(literal_of(expected)) ||
         std::regex_match(told, std::regex(pattern, std::regex::icase));
}

/// An empty list of items, which the grammar has not; PARTIAL; \Recent, which we do not keep; and BODY keys
/// that we find in the header of an enclosed message, which is part of the body (RFC 3501 6.4.4), and that
/// they find in the markup of HTML, where we look at what one reads.
bool is_their_own(const bytes& sent) {
  for (const char* part : {" ()", "PARTIAL", "NEW", "OLD", "RECENT", "BODY thy", "BODY o"})
    if (sent.find(part) != sent.npos) return true;
  return false;
}

/// Plays a script and compares FETCH, SEARCH and STATUS responses with their literals, and how each command
/// ends.
void play(const std::string& name, fake_connection& client) {
  static const std::regex tagged(R"(^([^*\\ ]+) (OK|NO|BAD).*)");
  for (const outside_turn& turn : load(name)) {
    if (is_their_own(turn.sent)) continue;
    client.output.clear();
    client.feed(turn.sent);
    std::vector<std::string> told;
    std::string end;
    std::smatch match;
    for (const std::string& line : plain(lines_of(client.output))) {
      if (std::regex_match(line, match, tagged)) end = match.str(1) + " " + match.str(2);
      const std::string rest = without_flags(line);
      if (is_compared(line) && !rest.ends_with("FETCH ()")) told.push_back(rest);
    }
    size_t next = 0;
    for (const std::string& expected : plain(turn.expected)) {
      if (std::regex_match(expected, match, tagged)) {
        EXPECT_EQ(end, match.str(1) + " " + match.str(2)) << turn.sent;
      }
      if (!is_compared(expected)) continue;
      ASSERT_LT(next, told.size()) << name << ": " << turn.sent << "must bring " << expected
                                   << "\nand brought\n"
                                   << client.output;
      EXPECT_TRUE(agree(told[next], without_flags(expected)))
          << name << ": " << turn.sent << "brought  " << told[next] << "\nnot      " << expected;
      ++next;
    }
  }
}

class ImapOutsideTranscript : public testing::TestWithParam<std::string> {};

TEST_P(ImapOutsideTranscript, AgreesInWhatTheStandardFixes) {
  if (!std::filesystem::exists(scripts)) GTEST_SKIP() << "no outside data at " << scripts;
  fake_account account;
  session_settings settings;
  settings.login_needs_tls = false;
  settings.separator = '.';
  settings.max_bad_commands = 0;
  fake_connection client(account, settings, false);
  client.start();
  client.feed("a LOGIN joe secret\r\n");
  play("SelectedStateSetup", client);
  play(GetParam(), client);
}

INSTANTIATE_TEST_SUITE_P(
    Imap, ImapOutsideTranscript,
    testing::Values("Append", "BodyPartialFetch", "Check", "Copy", "FetchAllEmptyMailbox",
                    "FetchBodyNoSection", "FetchEnvelope", "FetchHeaderFields", "FetchHeaderFieldsNot",
                    "FetchMultipartAlternative", "FetchMultipartBodyStructure", "FetchMultipartMixed",
                    "FetchMultipartMixedComplex", "FetchMultipleMessages", "FetchPeek", "FetchRFC822",
                    "FetchRFC822Mixed", "FetchRFC822Text", "FetchSimpleBodyStructure", "FetchSingleMessage",
                    "FetchStructureComplex", "FetchStructureEmbedded", "FetchText", "HeaderPartialFetch",
                    "MimePartialFetch", "Move", "Noop", "PeekMultipartAlternative", "PeekMultipartMixed",
                    "PeekMultipartMixedComplex", "Search", "SearchAtoms", "SearchCombinations",
                    "SelectAppend", "Store", "StringArgs", "TextPartialFetch", "UidSearchAtoms",
                    "UidSearchCombinations", "UserFlagsSupport"),
    [](const auto& each) { return each.param; });

} // namespace
} // namespace stagepost::imap
