#include "protocols/mime/digest.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace stagepost::mime {
namespace {

bytes sample(const std::string& name) {
  std::ifstream in(STAGEPOST_SOURCE_DIR "/tests/data/mime/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// `type/subtype size lines(...)`, so that a whole tree is compared at once.
std::string shown(const part& p) {
  auto out = p.type + '/' + p.subtype + ' ' + std::to_string(p.body_size);
  if (p.lines > 0) out += ':' + std::to_string(p.lines);
  if (p.children.empty()) return out;
  out += " (";
  for (const auto& child : p.children) out += (out.ends_with('(') ? "" : ", ") + shown(child);
  return out + ')';
}

std::string shown(bytes_view message) { return shown(make_digest(message).root); }

bytes_view at(bytes_view message, extent where) { return message.substr(where.offset, where.size); }

class MimeDigestOfSample : public testing::Test {
protected:
  std::string section(std::vector<uint32_t> numbers, section_text text) const {
    const auto where = find_section(made, numbers, text);
    return where ? std::string(at(message, *where)) : "none";
  }

  bytes message = sample("nested.eml");
  digest made = make_digest(message);
};

TEST_F(MimeDigestOfSample, HasTheEnvelope) {
  const auto& e = made.envelope;
  EXPECT_EQ(e.date, "Sun, 22 Nov 2026 16:19:33 +0000");
  EXPECT_EQ(e.subject, "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= folded");
  EXPECT_EQ(e.message_id, "<outer@example.org>");
  EXPECT_EQ(e.in_reply_to, "");
  ASSERT_EQ(e.from.size(), 1u);
  EXPECT_EQ(e.from[0], (address{address_kind::mailbox, "Ann Author", "", "ann", "example.org"}));
  EXPECT_EQ(e.sender, e.from);
  EXPECT_EQ(e.reply_to.at(0).mailbox, "list");
  ASSERT_EQ(e.to.size(), 3u);
  EXPECT_EQ(e.to[0].kind, address_kind::group_start);
  EXPECT_EQ(e.to[2].kind, address_kind::group_end);
  EXPECT_EQ(e.cc.size(), 2u);
  EXPECT_TRUE(e.bcc.empty());
}

TEST_F(MimeDigestOfSample, HasTheTreeWithSizesAndLines) {
  EXPECT_EQ(shown(made.root),
            "multipart/mixed 893 (multipart/alternative 113 (text/plain 13:1, text/html 20:1), "
            "message/rfc822 247:15 (multipart/mixed 154 (text/plain 6, image/png 10)), application/pdf 12)");
  EXPECT_EQ(made.size, message.size());
  EXPECT_EQ(made.header_size, made.root.header_size);
}

TEST_F(MimeDigestOfSample, HasTheContentFields) {
  const part* pdf = find_part(made, std::vector<uint32_t>{3});
  ASSERT_NE(pdf, nullptr);
  EXPECT_EQ(pdf->encoding, "base64");
  EXPECT_EQ(pdf->id, "<pdf@example.org>");
  EXPECT_EQ(pdf->description, "The  report");
  EXPECT_EQ(pdf->disposition, "attachment");
  EXPECT_EQ(decoded_parameter(pdf->disposition_parameters, "filename"), "r\xc3\xa9sum\xc3\xa9.pdf");
  EXPECT_EQ(pdf->languages, (std::vector<std::string>{"en", "fr-CA"}));
  EXPECT_EQ(pdf->location, "http://example.org/long/report.pdf");
  EXPECT_EQ(pdf->md5, "Q2hlY2sgSW50ZWdyaXR5IQ==");
}

TEST_F(MimeDigestOfSample, NumbersPartsAsImapDoes) {
  EXPECT_EQ(section({}, section_text::body), message);
  EXPECT_EQ(section({}, section_text::header) + section({}, section_text::text), message);
  EXPECT_EQ(section({1, 1}, section_text::body), "Plain text.\r\n");
  EXPECT_EQ(section({1, 2}, section_text::body), "<b>Rich text.</b>.\r\n");
  EXPECT_EQ(section({1, 2}, section_text::mime), "Content-Type: text/html\r\n\r\n");
  EXPECT_EQ(section({2, 1}, section_text::body), "inner.");
  EXPECT_EQ(section({2, 2}, section_text::body), "aGVsbG8=\r\n");
  EXPECT_EQ(section({2, 2}, section_text::mime),
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n");
  EXPECT_TRUE(section({2}, section_text::header).starts_with("From: inner@example.org\r\n"));
  EXPECT_EQ(section({2}, section_text::header) + section({2}, section_text::text),
            section({2}, section_text::body));
  EXPECT_EQ(section({2}, section_text::mime), "Content-Type: message/rfc822\r\n\r\n");
  EXPECT_EQ(section({3}, section_text::body), "JVBERi0xLg==");
}

TEST_F(MimeDigestOfSample, HasNoSuchSections) {
  EXPECT_EQ(section({}, section_text::mime), "none");
  EXPECT_EQ(section({0}, section_text::body), "none");
  EXPECT_EQ(section({4}, section_text::body), "none");
  EXPECT_EQ(section({1, 1, 1}, section_text::body), "none");
  EXPECT_EQ(section({1}, section_text::header), "none");
  EXPECT_EQ(section({3}, section_text::text), "none");
  EXPECT_EQ(section({2, 3}, section_text::body), "none");
}

TEST(MimeDigest, CountsAMessageThatIsNoMultipartAsPartOne) {
  const bytes message = "Subject: x\r\n\r\none\r\ntwo\r\n";
  const auto made = make_digest(message);
  const std::vector<uint32_t> one{1};
  EXPECT_EQ(at(message, *find_section(made, one, section_text::body)), "one\r\ntwo\r\n");
  EXPECT_EQ(at(message, *find_section(made, one, section_text::mime)), "Subject: x\r\n\r\n");
  EXPECT_EQ(find_section(made, std::vector<uint32_t>{1, 1}, section_text::body), std::nullopt);
  EXPECT_EQ(find_section(made, one, section_text::header), std::nullopt);
}

TEST(MimeDigest, NumbersAnEnclosedTextAsOneBelowItsMessage) {
  const bytes message = "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext";
  const auto made = make_digest(message);
  EXPECT_EQ(at(message, *find_section(made, std::vector<uint32_t>{1, 1}, section_text::body)), "text");
  EXPECT_EQ(at(message, *find_section(made, std::vector<uint32_t>{1}, section_text::text)), "text");
  EXPECT_EQ(made.root.enclosed->subject, "in");
}

TEST(MimeDigest, TellsAbsentFieldsFromEmptyOnes) {
  const auto e = make_digest("Subject:\r\nSender: \r\nFrom: a@b\r\n\r\n").envelope;
  EXPECT_EQ(e.subject, "");
  EXPECT_EQ(e.date, std::nullopt);
  EXPECT_EQ(e.sender, e.from);
}

TEST(MimeDigest, TakesTheFirstOfFieldsThatMayOccurOnceAndAllRecipients) {
  const auto made =
      make_digest("From: a@b\r\nFrom: evil@b\r\nTo: x@y\r\nTo: z@y\r\nContent-Type: text/html\r\n"
                  "Content-Type: image/png\r\n\r\n");
  EXPECT_EQ(made.envelope.from.size(), 1u);
  EXPECT_EQ(made.envelope.from[0].mailbox, "a");
  EXPECT_EQ(made.envelope.to.size(), 2u);
  EXPECT_EQ(made.root.subtype, "html");
}

struct tree {
  const char* why;
  bytes message;
  const char* shown;
};

class MimeDigestOf : public testing::TestWithParam<tree> {};

TEST_P(MimeDigestOf, HasThisTree) {
  EXPECT_EQ(shown(GetParam().message), GetParam().shown) << GetParam().why;
}

const bytes mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Mail, MimeDigestOf,
    testing::Values(
        tree{"nothing", "", "text/plain 0"}, tree{"a header alone", "Subject: x", "text/plain 0"},
        tree{"an empty header", "\r\nx\r\n", "text/plain 3:1"},
        tree{"bare newlines", "A: b\n\none\ntwo", "text/plain 7:1"},
        tree{"unreadable type", "Content-Type: nonsense\r\n\r\nx", "text/plain 1"},
        tree{"no boundary named", "Content-Type: multipart/mixed\r\n\r\nx\r\n", "text/plain 3:1"},
        tree{"no boundary found", mixed + "x\r\n", "text/plain 3:1"},
        tree{"only the closing boundary", mixed + "--b--\r\n", "text/plain 7:1"},
        tree{"closing boundary missing", mixed + "--b\r\n\r\none\r\n", "multipart/mixed 12 (text/plain 5:1)"},
        tree{"empty parts", mixed + "--b\r\n--b\r\n\r\n--b--",
             "multipart/mixed 17 (text/plain 0, text/plain 0)"},
        tree{"boundary within a header", mixed + "--b\r\nContent-Type: image/gif\r\n--b--\r\n",
             "multipart/mixed 37 (image/gif 0)"},
        tree{"spaces after the boundary", mixed + "--b \t\r\n\r\nx\r\n--b-- \r\n",
             "multipart/mixed 20 (text/plain 1)"},
        tree{"text after the end", mixed + "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny",
             "multipart/mixed 25 (text/plain 1)"},
        tree{"newlines of both kinds", mixed + "--b\n\nx\n--b\r\n\r\ny\r\n--b--",
             "multipart/mixed 22 (text/plain 1, text/plain 1)"},
        tree{"an inner multipart left open",
             mixed + "--b\r\nContent-Type: multipart/mixed; "
                     "boundary=c\r\n\r\n--c\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--",
             "multipart/mixed 75 (multipart/mixed 8 (text/plain 1), text/plain 1)"},
        tree{"a boundary that begins with another",
             mixed +
                 "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b--",
             "multipart/mixed 75 (multipart/mixed 17 (text/plain 1))"},
        tree{"a digest",
             "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nA: b\r\n\r\nx\r\n--b--",
             "multipart/digest 23 (message/rfc822 9:2 (text/plain 1))"},
        tree{"an enclosed message without a body",
             mixed + "--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--b--",
             "multipart/mixed 50 (message/rfc822 6:1 (text/plain 0))"},
        tree{"message/global", "Content-Type: message/global\r\n\r\nA: b\r\n\r\nx",
             "message/global 9:2 (text/plain 1)"},
        tree{"other messages are leaves", "Content-Type: message/delivery-status\r\n\r\nA: b\r\n",
             "message/delivery-status 6"}));

bytes nested(size_t depth) {
  bytes message;
  for (size_t i = 0; i < depth; ++i) {
    const auto name = "b" + std::to_string(i);
    message += "Content-Type: multipart/mixed; boundary=" + name + "x\r\n\r\n--" + name + "x\r\n";
  }
  return message + "\r\nthe end\r\n";
}

size_t depth_of(const part& p) { return p.children.empty() ? 1 : 1 + depth_of(p.children.front()); }

TEST(MimeDigestLimits, KeepsWhatIsNestedTooDeepAsALeaf) {
  const auto made = make_digest(nested(5000));
  EXPECT_EQ(depth_of(made.root), max_depth);
  const part* leaf = &made.root;
  while (!leaf->children.empty()) leaf = &leaf->children.front();
  EXPECT_EQ(leaf->type + '/' + leaf->subtype, "application/octet-stream");
  EXPECT_EQ(depth_of(make_digest(nested(99)).root), 100u);
}

TEST(MimeDigestLimits, KeepsEnclosedMessagesNestedTooDeepAsALeaf) {
  bytes message;
  for (int i = 0; i < 5000; ++i) message += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_EQ(depth_of(make_digest(message).root), max_depth);
}

TEST(MimeDigestLimits, KeepsNoMorePartsThanTheMost) {
  bytes message = mixed;
  for (int i = 0; i < 20'000; ++i) message += "--b\r\n\r\nx\r\n";
  const auto made = make_digest(message + "--b--\r\n");
  EXPECT_EQ(made.root.children.size(), max_parts - 1);
  EXPECT_EQ(made.root.children.back().body_offset + made.root.children.back().body_size, made.size);
}

TEST(MimeDigestLimits, ReadsNoMoreOfAHeaderThanTheMost) {
  const bytes filler = "X: " + bytes(max_header_size, 'x') + "\r\n";
  const auto made = make_digest("Subject: seen\r\n" + filler + "From: not@seen\r\n\r\nbody");
  EXPECT_EQ(made.envelope.subject, "seen");
  EXPECT_TRUE(made.envelope.from.empty());
  EXPECT_EQ(made.root.body_size, 4u);
}

TEST(MimeDigestLimits, KeepsNoMoreAddressesThanTheMost) {
  bytes message;
  for (int i = 0; i < 5; ++i) {
    message += "To: ";
    for (int k = 0; k < 9000; ++k) message += "a,";
    message += "\r\n";
  }
  EXPECT_EQ(make_digest(message).envelope.to.size(), max_total_addresses);
}

} // namespace
} // namespace stagepost::mime
