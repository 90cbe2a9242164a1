#include "protocols/footer/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::footer {
namespace {

TEST(FooterText, HasLinesThatEndInCrlf) {
  EXPECT_EQ(plain_text("one  \ntwo\r\n\r\n", false), "one\r\ntwo\r\n");
  EXPECT_EQ(plain_text("a\n\nb", false), "a\r\n\r\nb\r\n");
  EXPECT_EQ(plain_text("> quoted\nFrom here\n x\ny", true), " > quoted\r\n From here\r\n  x\r\ny\r\n");
}

TEST(FooterText, IsAsciiInHtmlAndNoMarkup) {
  EXPECT_EQ(html_text("a < b & c\ngr\xc3\xbc\xc3\x9f\n\xf0\x9f\x93\xa7"),
            "<div>a &lt; b &amp; c<br>\r\ngr&#252;&#223;<br>\r\n&#128231;</div>\r\n");
}

TEST(FooterText, BreaksLongLinesOfHtmlAtSpaces) {
  const std::string word(40, 'x');
  EXPECT_EQ(html_text(word + ' ' + word + ' ' + word),
            "<div>" + word + ' ' + word + "\r\n" + word + "</div>\r\n");
}

TEST(FooterText, StandsBehindATextWithAnEmptyLineBetween) {
  const auto behind = [](bytes text, bool flowed = false) {
    append_plain(text, "F\r\n", flowed);
    return text;
  };
  EXPECT_EQ(behind(""), "F\r\n");
  EXPECT_EQ(behind("x"), "x\r\n\r\nF\r\n");
  EXPECT_EQ(behind("x\r\n"), "x\r\n\r\nF\r\n");
  EXPECT_EQ(behind("x \r\n"), "x \r\n\r\nF\r\n");
  EXPECT_EQ(behind("x \r\n", true), "x\r\n\r\nF\r\n");
  EXPECT_EQ(behind("x\r\n-- \r\n", true), "x\r\n-- \r\n\r\nF\r\n");
}

TEST(FooterText, StandsBeforeTheEndOfTheBody) {
  const auto in = [](bytes document) {
    insert_html(document, "F\r\n");
    return document;
  };
  EXPECT_EQ(in("<p>x</p>\r\n</BODY >\r\n</html>"), "<p>x</p>\r\nF\r\n</BODY >\r\n</html>");
  EXPECT_EQ(in("<p>x</p></html>"), "<p>x</p>\r\nF\r\n</html>");
  EXPECT_EQ(in("x"), "x\r\nF\r\n");
  EXPECT_EQ(in(""), "F\r\n");
  EXPECT_EQ(in("</body>\n<!-- </body> -->"), "F\r\n</body>\n<!-- </body> -->");
  EXPECT_EQ(in("a\n</body><script>'</body>'</script>"), "a\nF\r\n</body><script>'</body>'</script>");
  EXPECT_EQ(in("a\n<!-- never closed </body>"), "a\nF\r\n<!-- never closed </body>");
  EXPECT_EQ(in("a\n</bodyguard>"), "a\n</bodyguard>\r\nF\r\n");
}

TEST(FooterText, KnowsTheArmourOfOpenPgp) {
  EXPECT_TRUE(has_armour("-----BEGIN PGP MESSAGE-----\r\n"));
  EXPECT_TRUE(has_armour("x\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n"));
  EXPECT_FALSE(has_armour("> -----BEGIN PGP MESSAGE-----\r\n"));
}

} // namespace
} // namespace stagepost::footer
