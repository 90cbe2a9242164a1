#include "protocols/mime/parameter.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

std::string shown(std::string_view value) {
  const auto read = parse_parameterized(value);
  auto out = read.value;
  for (const auto& entry : read.parameters) out += "|" + entry.name + "=" + entry.value;
  return out;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string out = "x";
  for (const auto& piece : pieces) out += "; " + piece;
  return out;
}

TEST(MimeParameter, ReadsTypeAndParameters) {
  EXPECT_EQ(shown("Text/Plain; Charset=UTF-8; format=flowed"), "text/plain|charset=UTF-8|format=flowed");
  EXPECT_EQ(shown("multipart/mixed;\r\n\tboundary=\"a;b \\\"c\\\"\""), "multipart/mixed|boundary=a;b \"c\"");
  EXPECT_EQ(shown("text/plain; charset=us-ascii (Plain text)"), "text/plain|charset=us-ascii");
  EXPECT_EQ(shown("(x) text (y) / (z) plain ; a = b"), "text/plain|a=b");
}

TEST(MimeParameter, ReadsWhatClientsGetWrong) {
  EXPECT_EQ(shown("text/plain;; charset=utf-8;"), "text/plain|charset=utf-8");
  EXPECT_EQ(shown("text/plain charset=utf-8"), "text/plain|charset=utf-8");
  EXPECT_EQ(shown("application/pdf; name=my file (1).pdf; x=y"), "application/pdf|name=my file (1).pdf|x=y");
  EXPECT_EQ(shown("a/b; name=\"open"), "a/b|name=open");
  EXPECT_EQ(shown("a/b; junk; =; c=d"), "a/b|c=d");
  EXPECT_EQ(shown("multipart/mixed; boundary=----=_Part(1)/2"), "multipart/mixed|boundary=----=_Part(1)/2");
  EXPECT_EQ(shown(""), "");
}

TEST(MimeParameter, StopsAtTheLimit) {
  std::string value = "a/b";
  for (int i = 0; i < 1000; ++i) value += ";x=y";
  EXPECT_EQ(parse_parameterized(value).parameters.size(), max_parameters);
}

TEST(MimeParameter, JoinsAndDecodesRfc2231Pieces) {
  const auto read =
      parse_parameterized("application/x-stuff; title*1*=%2a%2a%2afun%2a%2a%2a%20;"
                          " title*0*=us-ascii'en'This%20is%20even%20more%20; title*2=\"isn't it!\"");
  EXPECT_EQ(decoded_parameter(read.parameters, "title"), "This is even more ***fun*** isn't it!");
}

TEST(MimeParameter, DecodesCharsetsOfRfc2231) {
  EXPECT_EQ(decoded_parameter({{"filename*", "iso-8859-1'de'%FCber.txt"}}, "filename"), "\xc3\xbc"
                                                                                        "ber.txt");
  EXPECT_EQ(decoded_parameter({{"filename", "x"}, {"filename*", "UTF-8''%e2%82%ac"}}, "filename"),
            "\xe2\x82\xac");
  EXPECT_EQ(decoded_parameter({{"filename*", "no quotes%"}}, "filename"), "no quotes%");
}

TEST(MimeParameter, DecodesEncodedWordsAndRawOctetsInPlainValues) {
  EXPECT_EQ(decoded_parameter({{"filename", "=?iso-8859-1?Q?=FCber?=.txt"}}, "filename"), "\xc3\xbc"
                                                                                          "ber.txt");
  EXPECT_EQ(decoded_parameter({{"filename", "\xfc"
                                            "ber.txt"}},
                              "filename"),
            "\xc3\xbc"
            "ber.txt");
  EXPECT_EQ(decoded_parameter({{"filename", "plain.txt"}}, "filename"), "plain.txt");
  EXPECT_EQ(decoded_parameter({{"name", "x"}}, "filename"), std::nullopt);
}

TEST(MimeParameter, LeavesOutPiecesAfterAGap) {
  EXPECT_EQ(decoded_parameter({{"n*0", "a"}, {"n*2", "c"}}, "n"), "a");
  EXPECT_EQ(decoded_parameter({{"n*1", "b"}}, "n"), std::nullopt);
}

TEST(MimeParameter, WritesWhatItReadsBack) {
  const std::string long_name = std::string(100, 'a') + "\xe2\x82\xac" + std::string(100, 'b');
  for (const std::string& text :
       {std::string("plain"), std::string("two words"), std::string("q\"u\\o"), std::string(),
        std::string("\xc3\xbc.txt"), std::string(300, 'x'), long_name}) {
    const auto value = joined(encode_parameter("filename", text));
    EXPECT_EQ(decoded_parameter(parse_parameterized(value).parameters, "filename"), text) << value;
    for (const auto& piece : encode_parameter("filename", text)) EXPECT_LE(piece.size(), 78u);
  }
}

} // namespace
} // namespace stagepost::mime
