#include "protocols/imap/preview.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

std::string preview_of(const bytes& message) {
  const mime::digest digest = mime::make_digest(message);
  const mime::extent where = preview_extent(digest);
  EXPECT_LE(where.offset + where.size, message.size());
  return make_preview(digest, bytes_view(message).substr(where.offset, where.size));
}

std::string preview_of_html(const std::string& html) {
  return preview_of("Content-Type: text/html; charset=utf-8\r\n\r\n" + html);
}

TEST(ImapPreview, IsOneLineOfTheTextThatIsNotQuoted) {
  EXPECT_EQ(preview_of("Subject: x\r\n\r\n> was?\r\n>> who?\r\n\tIt  was\r\n\r\nme. \r\n"), "It was me.");
  EXPECT_EQ(preview_of("Subject: x\r\n\r\n"), "");
  EXPECT_EQ(preview_of("Subject: x\r\n"), "");
}

TEST(ImapPreview, PrefersPlainTextAndLeavesAttachmentsAlone) {
  const std::string head = "Content-Type: multipart/alternative; boundary=b\r\n\r\n";
  EXPECT_EQ(
      preview_of(head + "--b\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b\r\n\r\nplain\r\n--b--\r\n"),
      "plain");
  EXPECT_EQ(preview_of(head + "--b\r\nContent-Disposition: attachment\r\n\r\nattached\r\n--b\r\n"
                              "Content-Type: text/html\r\n\r\n<p>html\r\n--b--\r\n"),
            "html");
  EXPECT_EQ(preview_of(head + "--b\r\nContent-Type: image/png\r\n\r\nxxxx\r\n--b--\r\n"), "");
}

TEST(ImapPreview, HasAtMostSoManyCharactersAndEndsBetweenTwo) {
  std::string body;
  for (int i = 0; i < 500; ++i) body += "\xc3\xbc";
  const std::string found = preview_of("Content-Type: text/plain; charset=utf-8\r\n\r\n" + body);
  EXPECT_EQ(found.size(), 2 * max_preview_characters);
  EXPECT_TRUE(is_utf8(found));
  EXPECT_EQ(preview_of("Subject: x\r\n\r\n" + std::string(1000, 'x')).size(), max_preview_characters);
}

TEST(ImapPreview, ReadsNoMoreThanTheBeginning) {
  const bytes message = "Subject: x\r\n\r\n" + std::string(1 << 20, ' ') + "far away\r\n";
  EXPECT_LE(preview_extent(mime::make_digest(message)).size, 16 * 1024u);
  EXPECT_EQ(preview_of(message), "");
}

TEST(ImapPreview, TakesTheMarkupOffHtml) {
  EXPECT_EQ(preview_of_html("<html><head><title>no</title></head><body>a<br>b &lt;c&gt; &#x263A; &amp;&#65;"),
            "a b <c> \xe2\x98\xba &A");
  EXPECT_EQ(preview_of_html("<STYLE>p{}</STYLE>a<!-- <b> -->b<script>x < y</script>c"), "ab c");
  EXPECT_EQ(preview_of_html("<header>kept</header> 1 &unknown; & 2 &#; &#xzz;"),
            "kept 1 &unknown; & 2 &#; &#xzz;");
  EXPECT_EQ(preview_of_html("&#0;&#1114112;&#xd800;x&nbsp;\xc2\xa0y"), "x y");
}

TEST(ImapPreview, StandsBrokenHtml) {
  for (const char* html :
       {"<", "<!--", "a<style>never ended", "&", "&#", "&#x", "<p", "</", "<script", "&;", "<!-->"})
    EXPECT_LE(preview_of_html(html).size(), 5u) << html;
}

TEST(ImapPreview, StandsATransferEncodingThatIsCutOff) {
  bytes message = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  for (int i = 0; i < 1000; ++i) message += "w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvA==\r\n";
  const std::string found = preview_of(message);
  EXPECT_FALSE(found.empty());
  EXPECT_TRUE(is_utf8(found));
}

} // namespace
} // namespace stagepost::imap
