#include "protocols/search/html_text.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace stagepost::search {
namespace {

TEST(HtmlText, KeepsWordsWholeThatTagsOnlyDress) {
  EXPECT_EQ(html_to_text("<b>Hel</b>lo <A HREF=\"http://x.example/\">wor</A>ld"), "Hello world");
}

TEST(HtmlText, PartsWhatStandsInDifferentLinesAndCells) {
  EXPECT_EQ(html_to_text("one<br>two<td>three</td>four<P>five"), "one\ntwo\nthree\nfour\nfive");
}

TEST(HtmlText, LeavesOutWhatIsForPrograms) {
  EXPECT_EQ(
      html_to_text("a<style type='text/css'>p > b { x: \"y\" }</STYLE>b<!-- c > -- d -->c<script>if (a</b) "
                   "{}</script >d<!DOCTYPE html>e<?xml f?>f"),
      "a\nbc\ndef");
}

TEST(HtmlText, ResolvesCharacterReferences) {
  EXPECT_EQ(html_to_text("Gr&uuml;&szlig;e &amp; &#8364;&#x20AC;&euro; &lt;tag&gt; &Auml;&yuml;&nbsp;"),
            "Grüße & €€€ <tag> Äÿ\xc2\xa0");
  EXPECT_EQ(html_to_text("&#65;no &unknown; AT&T &; &# &#x; &#0; &#xd800; &#99999999;"),
            "Ano &unknown; AT&T &; &# &#x; \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd");
}

TEST(HtmlText, TakesAngleBracketsThatAreNoTagsAsText) {
  EXPECT_EQ(html_to_text("1 < 2 <3 <> </ b> <"), "1 < 2 <3 <> </ b> <");
}

TEST(HtmlText, ReadsValuesWithBracketsInThem) {
  EXPECT_EQ(html_to_text("a<img alt=\"x > y\" src='z>'>b<span title=it's>c"), "abc");
}

TEST(HtmlText, EndsWithWhatIsNotClosed) {
  EXPECT_EQ(html_to_text("a<b title=\"never closed > b"), "a");
  EXPECT_EQ(html_to_text("a<!-- never closed > b"), "a");
  EXPECT_EQ(html_to_text("a<script>never closed"), "a\n");
  EXPECT_EQ(html_to_text("a<!--"), "a");
}

TEST(HtmlText, TakesTimeByItsLengthOnly) {
  std::string hostile;
  for (const char* piece : {"<a b=\"", "<!--", "<script></", "&#", "<<", "</"}) {
    for (int i = 0; i < 200'000; ++i) hostile += piece;
    const auto before = std::chrono::steady_clock::now();
    EXPECT_LE(html_to_text(hostile).size(), hostile.size());
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  }
}

} // namespace
} // namespace stagepost::search
