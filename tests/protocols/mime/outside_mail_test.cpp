// Real and broken mail of others: see the SOURCE.md of each folder of outside data.
#include "protocols/mime/digest_builder.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/text.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <random>
#include <sstream>

namespace stagepost::mime {
namespace {

namespace fs = std::filesystem;

fs::path outside(std::string_view folder) {
  return fs::path(STAGEPOST_SOURCE_DIR "/../shared/data") / folder;
}

bytes read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> out;
  if (!fs::exists(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().string().ends_with(ending)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

void expect_inside(const part& p, extent within) {
  EXPECT_GE(p.header_offset, within.offset);
  EXPECT_EQ(p.header_offset + p.header_size, p.body_offset);
  EXPECT_LE(p.body_offset + p.body_size, within.offset + within.size);
  EXPECT_EQ(p.is_multipart(), !p.children.empty() && !p.is_message());
  EXPECT_EQ(p.is_message(), encloses_message(p.type, p.subtype));
  uint64_t from = p.body_offset;
  for (const auto& child : p.children) {
    EXPECT_GE(child.header_offset, from);
    expect_inside(child, p.body());
    from = child.body_offset + child.body_size;
  }
}

uint64_t newlines(const part& p, bytes_view message) {
  const auto body = message.substr(p.body_offset, p.body_size);
  return uint64_t(std::count(body.begin(), body.end(), '\n'));
}

void expect_lines(const part& p, bytes_view message) {
  EXPECT_EQ(p.lines, p.type == "text" || p.is_message() ? newlines(p, message) : 0);
  for (const auto& child : p.children) expect_lines(child, message);
}

digest fed_in_pieces(bytes_view message, std::minstd_rand& random) {
  digest_builder builder;
  const size_t longest = std::vector<size_t>{1, 7, 100, 4096}[random() % 4];
  while (!message.empty()) {
    const auto size = std::min<size_t>(message.size(), 1 + random() % longest);
    builder.feed(message.substr(0, size));
    message.remove_prefix(size);
  }
  return builder.finish();
}

void expect_sound(const fs::path& path, std::minstd_rand& random) {
  SCOPED_TRACE(path.string());
  const auto message = read_all(path);
  const auto made = make_digest(message);
  EXPECT_EQ(made.size, message.size());
  EXPECT_EQ(made.header_size, made.root.header_size);
  expect_inside(made.root, {0, message.size()});
  expect_lines(made.root, message);
  EXPECT_EQ(fed_in_pieces(message, random), made);
  const auto read = decode(encode(made));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, made);
}

void expect_all_sound(std::string_view folder, std::string_view ending) {
  const auto found = files(outside(folder), ending);
  if (found.empty()) GTEST_SKIP() << "no outside data in " << folder;
  std::minstd_rand random(1);
  for (const auto& path : found) expect_sound(path, random);
}

TEST(OutsideMail, TortureMessagesKeepTheirInvariants) { expect_all_sound("mime-torture", ".msg"); }
TEST(OutsideMail, TortureTextsKeepTheirInvariants) { expect_all_sound("mime-torture/cpython-email", ".txt"); }
TEST(OutsideMail, BouncesKeepTheirInvariants) { expect_all_sound("bounce-dsn", ".eml"); }
TEST(OutsideMail, SpamAndHamKeepTheirInvariants) { expect_all_sound("spam-ham", ".eml"); }

/// A tree on one line: `.` a leaf, `[...]` a multipart, `{...}` a message. A multipart without parts is a
/// leaf to us.
std::string tree_of(const part& p) {
  std::string inside;
  for (const auto& child : p.children) inside += tree_of(child);
  if (p.is_message()) return '{' + inside + '}';
  return p.is_multipart() ? '[' + inside + ']' : ".";
}

/// The same from the expected XML: one tag a line, text escaped.
class expected_tree {
public:
  explicit expected_tree(const fs::path& path) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      if (line.ends_with('\r')) line.pop_back();
      for (const auto* tag : {"<message>", "</message>", "<body-part>", "</body-part>", "<multipart>",
                              "</multipart>", "<body>", "<text-body", "<binary-body"})
        if (line.starts_with(tag)) tags_.push_back(line);
    }
  }

  /// Takes `<message>content</message>` or `<body-part>...`.
  std::string entity() {
    ++at_;
    std::string out = ".";
    if (at_ >= tags_.size()) return out;
    if (tags_[at_] == "<multipart>") {
      ++at_;
      std::string inside;
      while (tags_[at_] == "<body-part>") inside += entity();
      ++at_;
      out = inside.empty() ? "." : '[' + inside + ']';
    } else if (tags_[at_] == "<message>") {
      out = '{' + entity() + '}';
    } else if (!tags_[at_].starts_with("</")) {
      leaves_.push_back(tags_[at_]);
      ++at_;
    }
    ++at_;
    return out;
  }

  const std::vector<std::string>& leaves() const { return leaves_; }

private:
  std::vector<std::string> tags_;
  std::vector<std::string> leaves_;
  size_t at_ = 0;
};

fs::path with_ending(fs::path path, std::string_view ending) {
  path.replace_extension();
  return path.string() + std::string(ending);
}

/// Broken mail that we read in another way, on purpose.
const std::map<std::string, std::string> differences = {
    // RFC 2045 6.4 allows no base64 around a message: its octets are not looked into.
    {"multi-2gifs-base64", "{.}"},
    {"bad-newlines-multiple-parts-base64", "{.}"},
    {"base64encoded-rfc822message-nested", "{.}"},
    // RFC 2046 5.1.1: a boundary cannot end with a space, so the line without it is one too.
    {"weird-boundary", "[...]"},
    {"very-long-boundary", "[...]"},
    // Seven thousand characters, seventy are allowed.
    {"very-very-long-boundary", "."},
};

/// Leaves of which the expectation is a choice of its own.
const std::vector<std::string> other_octets = {
    // Base64 cut off within a group: we give the octets that are complete.
    "frag_decoded_1_2_1_2_1_2_1_2.bin",
    // Text after the base64: it is in the alphabet.
    "multi-frag_decoded_1_3_2.bin",
    // A message in base64, as above.
    "base64encoded-rfc822message_decoded_1_1.txt",
    // A header that is none: here it ends at the first empty line, not at the first line that is no field.
    "malformedHeaderStartsBody-nocrlfcrlf_decoded_1.txt",
    "malformedHeaderStartsBody-noheader_decoded_1.txt",
};

TEST(OutsideMail, TortureMessagesHaveTheExpectedTrees) {
  const auto found = files(outside("mime-torture"), ".msg");
  if (found.empty()) GTEST_SKIP() << "no outside data in mime-torture";
  for (const auto& path : found) {
    SCOPED_TRACE(path.string());
    const auto made = make_digest(read_all(path));
    const auto expected = expected_tree(with_ending(path, ".xml")).entity();
    const auto difference = differences.find(path.stem().string());
    EXPECT_EQ(tree_of(made.root), difference == differences.end() ? expected : difference->second)
        << expected;
  }
}

void collect_leaves(const part& p, std::vector<const part*>& out) {
  if (p.children.empty()) out.push_back(&p);
  for (const auto& child : p.children) collect_leaves(child, out);
}

bytes without_returns(bytes text) {
  std::erase(text, '\r');
  return text;
}

TEST(OutsideMail, TortureBodiesDecodeToTheExpectedOctets) {
  const auto found = files(outside("mime-torture"), ".msg");
  if (found.empty()) GTEST_SKIP() << "no outside data in mime-torture";
  size_t compared = 0;
  for (const auto& path : found) {
    const auto message = read_all(path);
    const auto made = make_digest(message);
    expected_tree expected(with_ending(path, "_decoded.xml"));
    if (expected.entity() != tree_of(made.root)) continue;
    std::vector<const part*> leaves;
    collect_leaves(made.root, leaves);
    if (leaves.size() != expected.leaves().size()) continue;
    for (size_t i = 0; i < leaves.size(); ++i) {
      auto name = expected.leaves()[i].substr(expected.leaves()[i].find('"') + 1);
      name.resize(name.find('"'));
      if (std::count(other_octets.begin(), other_octets.end(), name) > 0) continue;
      SCOPED_TRACE(name);
      const auto body = bytes_view(message).substr(leaves[i]->body_offset, leaves[i]->body_size);
      const auto decoded = decode_body(body, parse_transfer_encoding(leaves[i]->encoding));
      // The expectations turn line ends of quoted-printable into CRLF; we keep what the message has.
      const bool text = parse_transfer_encoding(leaves[i]->encoding) == transfer_encoding::quoted_printable;
      EXPECT_EQ(text ? without_returns(decoded) : decoded,
                text ? without_returns(read_all(path.parent_path() / name))
                     : read_all(path.parent_path() / name));
      ++compared;
    }
  }
  EXPECT_GT(compared, 100u);
}

} // namespace
} // namespace stagepost::mime
