#include "protocols/search/document.hpp"

#include "tests/support/zip_maker.hpp"

#include <gtest/gtest.h>

namespace stagepost::search {
namespace {

using namespace std::string_literals;

/// The bodies of the parts that may be documents.
std::vector<std::string> documents_in(const std::string& headers_of_parts) {
  const bytes message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + headers_of_parts + "--b--\r\n";
  const auto digest = mime::make_digest(message);
  std::vector<std::string> found;
  for_each_document(digest, [&](const mime::part& part) {
    found.push_back(message.substr(part.body_offset, part.body_size));
    return true;
  });
  return found;
}

std::string part(const std::string& fields, const std::string& body) {
  return "--b\r\n" + fields + "\r\n\r\n" + body + "\r\n";
}

TEST(Document, IsToldByTypeOrName) {
  EXPECT_EQ(documents_in(part("Content-Type: application/pdf", "1") +
                         part("Content-Type: application/octet-stream; name=\"a.PDF\"", "2") +
                         part("Content-Type: text/plain; name=b.pdf", "3") +
                         part("Content-Type: image/png", "4") +
                         part("Content-Type: application/octet-stream\r\n"
                              "Content-Disposition: attachment; filename*=utf-8''x%20y.docx",
                              "5") +
                         part("Content-Type: application/vnd.oasis.opendocument.text", "6") +
                         part("Content-Type: application/zip; name=a.zip", "7")),
            (std::vector<std::string>{"1", "2", "5", "6"}));
}

TEST(Document, IsFoundInEnclosedMessages) {
  EXPECT_EQ(documents_in(part("Content-Type: message/rfc822", "Content-Type: application/pdf\r\n\r\ninner")),
            (std::vector<std::string>{"inner"}));
}

TEST(Document, IsWhatItsOctetsSay) {
  EXPECT_EQ(document_kind_of("%PDF-1.4\n"), document_kind::pdf);
  EXPECT_EQ(document_kind_of("junk\r\n%PDF-1.4\n"), document_kind::pdf);
  EXPECT_EQ(document_kind_of(std::string(2000, ' ') + "%PDF-1.4\n"), document_kind::none);
  EXPECT_EQ(document_kind_of(testing::make_docx("x")), document_kind::office);
  const auto ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s + std::string(512, '\0');
  EXPECT_EQ(document_kind_of(ole), document_kind::none);
  EXPECT_EQ(document_kind_of(ole + "W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0\0\0"s), document_kind::word);
  EXPECT_EQ(document_kind_of(ole + "W\0o\0r\0k\0b\0o\0o\0k\0\0\0"s), document_kind::excel);
  EXPECT_EQ(document_kind_of(ole + "B\0o\0o\0k\0\0\0"s), document_kind::excel);
  EXPECT_EQ(document_kind_of("{\\rtf1 x}"), document_kind::none);
  EXPECT_EQ(document_kind_of(""), document_kind::none);
}

} // namespace
} // namespace stagepost::search
