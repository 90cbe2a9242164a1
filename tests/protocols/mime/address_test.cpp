#include "protocols/mime/address.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

/// The entries as ENVELOPE would show them: `name|route|mailbox|host`, groups in brackets.
std::string shown(std::string_view value, size_t limit = max_addresses) {
  std::string out;
  for (const auto& entry : parse_addresses(value, limit)) {
    if (!out.empty()) out += "  ";
    if (entry.kind == address_kind::group_start)
      out += '[' + entry.mailbox;
    else if (entry.kind == address_kind::group_end)
      out += ']';
    else
      out += entry.name + '|' + entry.route + '|' + entry.mailbox + '|' + entry.host;
  }
  return out;
}

struct sample {
  std::string_view value;
  std::string_view shown;
};

class MimeAddress : public testing::TestWithParam<sample> {};

TEST_P(MimeAddress, IsReadAsPeopleMeanIt) {
  EXPECT_EQ(shown(GetParam().value), GetParam().shown) << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    WellFormed, MimeAddress,
    testing::Values(sample{"joe@example.org", "||joe|example.org"},
                    sample{" <joe@example.org> ", "||joe|example.org"},
                    sample{"Joe Q. Public <john.q.public@example.com>",
                           "Joe Q. Public||john.q.public|example.com"},
                    sample{"\"Joe \\\"Q\\\", Public\" <j@e.org>", "Joe \"Q\", Public||j|e.org"},
                    sample{"a@b.c, d@e.f", "||a|b.c  ||d|e.f"}, sample{"\"a b\"@c.d", "||a b|c.d"},
                    sample{"a@[192.0.2.1]", "||a|[192.0.2.1]"},
                    sample{"joe@example.org (Joe (the) Plumber)", "Joe (the) Plumber||joe|example.org"},
                    sample{"=?utf-8?Q?J=C3=B6rg?= <j@e.org>", "=?utf-8?Q?J=C3=B6rg?=||j|e.org"},
                    sample{"J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc.de>", "J\xc3\xb6rg||j\xc3\xb6rg|b\xc3\xbc.de"},
                    sample{"Joe\r\n <joe\r\n @e.org>", "Joe||joe|e.org"}));

INSTANTIATE_TEST_SUITE_P(
    Groups, MimeAddress,
    testing::Values(sample{"A Group:Ed <e@b.c>,j@d.e;", "[A Group  Ed||e|b.c  ||j|d.e  ]"},
                    sample{"Undisclosed recipients:;", "[Undisclosed recipients  ]"},
                    sample{"a@b.c, G: d@e.f; , h@i.j", "||a|b.c  [G  ||d|e.f  ]  ||h|i.j"},
                    sample{"G: a@b.c", "[G  ||a|b.c  ]"}));

INSTANTIATE_TEST_SUITE_P(
    Obsolete, MimeAddress,
    testing::Values(sample{"Joe <@a.org,@b.org:joe@c.org>", "Joe|@a.org,@b.org|joe|c.org"},
                    sample{"joe . smith @ example . org", "||joe.smith|example.org"},
                    sample{"joe(here) @(at)example.org(there)", "there||joe|example.org"},
                    sample{",, a@b.c ,,", "||a|b.c"}, sample{"\"john\".\"doe\"@x.y", "||john.doe|x.y"}));

INSTANTIATE_TEST_SUITE_P(
    Broken, MimeAddress,
    testing::Values(sample{"", ""}, sample{"()", ""}, sample{"joe) @e.org", "||joe|e.org"}, sample{")", ""},
                    sample{"root", "||root|"}, sample{"me@e.org <me@e.org>", "me@e.org||me|e.org"},
                    sample{"a@b.c; d@e.f", "||a|b.c  ||d|e.f"},
                    sample{"Joe Smith joe@e.org", "Joe Smith||joe|e.org"}, sample{"<a@b@c.d>", "||a@b|c.d"},
                    sample{"<a@b.c, <d@e.f>", "||a|b.c  ||d|e.f"}, sample{"Joe <joe@e.org", "Joe||joe|e.org"},
                    sample{"Nobody <>", "Nobody|||"}, sample{"<John Doe>", "||John Doe|"},
                    sample{"<a@b.c> <d@e.f>", "||a|b.c  ||d|e.f"},
                    sample{"\"open <a@b.c>", "||open <a@b.c>|"}, sample{"a@b.c (open", "open||a|b.c"}));

TEST(MimeAddressLimits, DropsEntriesBeyondTheLimitAndEndsTheGroup) {
  EXPECT_EQ(shown("a@b, c@d, e@f", 2), "||a|b  ||c|d");
  EXPECT_EQ(shown("g: a@b, c@d, e@f;", 3), "[g  ||a|b  ]");
  EXPECT_EQ(shown("g: a@b", 1), "||a|b");
  EXPECT_EQ(shown("a@b", 0), "");
}

TEST(MimeAddressLimits, ReadsAMillionOctetsOfAnything) {
  for (const auto* piece :
       {"(", ")", ">", ";", "\"", "<", "@", ",", ":", "a:", "a@b,", "\\", "<@a,", "a.", " a", "[", "a@"}) {
    std::string value;
    while (value.size() < 1'000'000) value += piece;
    EXPECT_LE(parse_addresses(value).size(), max_addresses) << piece;
  }
}

TEST(MimeAddressFormat, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_address({.name = "Joe Smith", .mailbox = "joe", .host = "e.org"}),
            "Joe Smith <joe@e.org>");
  EXPECT_EQ(format_address({.name = "Smith, \"Joe\"", .mailbox = "joe", .host = "e.org"}),
            "\"Smith, \\\"Joe\\\"\" <joe@e.org>");
  EXPECT_EQ(format_address({.name = "J\xc3\xb6rg", .mailbox = "j b", .host = "e.org"}),
            "=?utf-8?b?SsO2cmc=?= <\"j b\"@e.org>");
  EXPECT_EQ(format_address({.mailbox = "a..b", .host = "e.org"}), "\"a..b\"@e.org");
}

TEST(MimeAddressFormat, ReadsBackWhatItWrote) {
  for (const auto* value :
       {"\"A, B\" <x@y.z>", "<\"a b\"@c.d>", "Mailer <m@[192.0.2.1]>", "\"q\\\\r\" <s@t.u>"}) {
    const auto read = parse_addresses(value);
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(parse_addresses(format_address(read[0])), read) << value;
  }
}

} // namespace
} // namespace stagepost::mime
