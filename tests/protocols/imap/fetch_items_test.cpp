#include "protocols/imap/commands/fetch_items.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

/// The labels of what was asked for, or why not.
std::string labels_of(std::string_view text) {
  parser in(text, '/');
  const auto request = parse_fetch_items(in);
  if (!request) return "refused";
  std::string labels;
  for (const fetch_item& item : request->items) labels += (labels.empty() ? "" : ", ") + item.label;
  return labels;
}

TEST(ImapFetchItems, AreNamedAsTheResponseNamesThem) {
  EXPECT_EQ(labels_of("fast"), "FLAGS, INTERNALDATE, RFC822.SIZE");
  EXPECT_EQ(labels_of("(flags uid Flags)"), "FLAGS, UID");
  EXPECT_EQ(labels_of("body"), "BODY");
  EXPECT_EQ(labels_of("BODY.PEEK[1.2.HEADER.FIELDS.NOT (To \"a b\")]<3.4>"),
            "BODY[1.2.HEADER.FIELDS.NOT (To \"a b\")]<3>");
  EXPECT_EQ(labels_of("(body[text] BODY.PEEK[4.mime] rfc822.text)"), "BODY[TEXT], BODY[4.MIME], RFC822.TEXT");
  EXPECT_EQ(labels_of("FLAGS (CHANGEDSINCE 5)"), "FLAGS, MODSEQ");
}

TEST(ImapFetchItems, SetSeenUnlessThePeekIsAsked) {
  parser in("(BODY.PEEK[] BODY[] BODY.PEEK[HEADER] RFC822.HEADER)", '/');
  const auto request = parse_fetch_items(in);
  ASSERT_TRUE(request);
  ASSERT_EQ(request->items.size(), 3u);
  EXPECT_TRUE(request->items[0].sets_seen);
  EXPECT_FALSE(request->items[1].sets_seen);
  EXPECT_FALSE(request->items[2].sets_seen);
}

TEST(ImapFetchItems, AreRefusedWhereTheGrammarHasNone) {
  for (const char* text : {"",
                           "()",
                           "(FLAGS",
                           "FLAGS)",
                           "BODY[",
                           "BODY[]x",
                           "BODY[HEADER.FIELDS]",
                           "BODY[HEADER.FIELDS ()]",
                           "BODY[TEXT.1]",
                           "BODY[MIME]",
                           "BODY[1.]",
                           "BODY[.1]",
                           "BODY[01x]",
                           "BODY[]<1>",
                           "BODY[]<1.0>",
                           "BODY.PEEK",
                           "RFC822.PEEK",
                           "FLAGS (CHANGEDSINCE)",
                           "FLAGS (CHANGEDSINCE -1)",
                           "FLAGS UID"})
    EXPECT_EQ(labels_of(text), "refused") << text;
}

} // namespace
} // namespace stagepost::imap
