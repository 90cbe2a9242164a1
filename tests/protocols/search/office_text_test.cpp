#include "protocols/search/office_text.hpp"

#include "tests/support/zip_maker.hpp"

#include <gtest/gtest.h>

namespace stagepost::search {
namespace {

using testing::zip_maker;

std::string xml_text(std::string_view xml, office_xml form = office_xml::ooxml, size_t limit = 10'000) {
  std::string out;
  append_office_xml(out, xml, form, limit);
  return out;
}

zip_maker ooxml() { return std::move(zip_maker().deflate("[Content_Types].xml", "<Types/>")); }

TEST(OfficeText, ReadsParagraphsOfWord) {
  const std::string words =
      "<w:document><w:body><w:p><w:r><w:t>in</w:t></w:r><w:r><w:rPr/><w:t xml:space=\"preserve\">voice "
      "</w:t></w:r></w:p><w:p><w:r><w:instrText>HYPERLINK</w:instrText><w:t>next&amp;&#x263a;</w:t></w:r>"
      "<w:tab/><w:r><w:t>tab</w:t></w:r></w:p></w:body></w:document>";
  const auto file = ooxml()
                        .deflate("word/document.xml", words)
                        .deflate("word/header1.xml", "<w:hdr><w:t>top</w:t></w:hdr>")
                        .deflate("word/styles.xml", "<w:styles><w:t>no</w:t></w:styles>")
                        .finish();
  EXPECT_EQ(office_text(file, 1000), "invoice \nnext&\xe2\x98\xba\ntab\n\ntop\n");
}

TEST(OfficeText, ReadsStringsAndNumbersOfExcel) {
  const auto file =
      ooxml()
          .deflate("xl/sharedStrings.xml",
                   "<sst><si><t>total</t></si><si><r><t>sp</t></r><r><t>lit</t></r></si></sst>")
          .deflate("xl/worksheets/sheet1.xml",
                   "<worksheet><row><c r=\"A1\" t=\"s\"><v>0</v></c><c r='A2'><v>1234.5</v></c>"
                   "<c t=\"inlineStr\"><is><t>here</t></is></c><c t=\"str\"><f>A1</f><v>made</v></c></row>"
                   "</worksheet>")
          .finish();
  EXPECT_EQ(office_text(file, 1000), "total\nsplit\n\n1234.5\nhere\nmade\n\n");
}

TEST(OfficeText, ReadsSlidesAndTheirNotes) {
  const auto file = ooxml()
                        .deflate("ppt/slides/slide1.xml", "<p:sld><a:p><a:t>slide</a:t></a:p></p:sld>")
                        .deflate("ppt/notesSlides/notesSlide1.xml", "<p:notes><a:t>note</a:t></p:notes>")
                        .deflate("ppt/slides/_rels/slide1.xml", "<a:t>no</a:t>")
                        .finish();
  const auto text = office_text(file, 1000);
  EXPECT_NE(text.find("slide\n"), text.npos);
  EXPECT_NE(text.find("note\n"), text.npos);
  EXPECT_EQ(text.find("no\n"), text.npos);
}

TEST(OfficeText, ReadsTheBodyOfOpenDocument) {
  const auto file = zip_maker()
                        .store("mimetype", "application/vnd.oasis.opendocument.text")
                        .deflate("content.xml",
                                 "\xef\xbb\xbf<?xml version='1.0'?><office:document-content><style>no</style>"
                                 "<office:body><text:h>Title</text:h><text:p>in<text:span>voice</text:span>"
                                 "<text:s/>two<![CDATA[ & three]]></text:p><!-- no --></office:body>after")
                        .finish();
  EXPECT_EQ(office_text(file, 1000), "Title\ninvoice\ntwo & three\n");
}

TEST(OfficeText, SaysNothingOfWhatIsNoDocument) {
  EXPECT_EQ(office_text("", 1000), "");
  EXPECT_EQ(office_text("PK\3\4", 1000), "");
  EXPECT_EQ(office_text(zip_maker().store("readme.txt", "words").finish(), 1000), "");
  EXPECT_EQ(office_text(zip_maker().store("content.xml", "encrypted octets").finish(), 1000), "");
}

TEST(OfficeText, StopsAtItsLimitAndAtDamage) {
  EXPECT_EQ(xml_text("<a:t>0123456789</a:t>", office_xml::ooxml, 4), "0123");
  EXPECT_EQ(xml_text("<a:t>one</a:t><a:t x='>two</a:t>"), "one");
  EXPECT_EQ(xml_text("<a:t>one<!-- two</a:t>"), "one");
  EXPECT_EQ(xml_text("<a:t>&nbsp;&#x;&;&amp</a:t>"), "&nbsp;&#x;&;&amp");
  EXPECT_EQ(xml_text("<c t=\"s"), "");
  EXPECT_EQ(xml_text("<c t=><v>1</v>"), "1");
}

TEST(OfficeText, KnowsNoEntitiesOfADocument) {
  EXPECT_EQ(xml_text("<!DOCTYPE x [<!ENTITY a \"aaaa\">]><a:t>&a;</a:t>"), "&a;");
}

} // namespace
} // namespace stagepost::search
