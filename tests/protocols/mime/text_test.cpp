#include "protocols/mime/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

std::string text_of(bytes_view message) {
  const auto made = make_digest(message);
  return searchable_text(message.substr(made.root.body_offset, made.root.body_size), made.root);
}

TEST(MimeText, UndoesTransferEncodingAndCharset) {
  EXPECT_EQ(text_of("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
                    "quoted-printable\r\n\r\n"
                    "caf=E9 cr=\r\n=E8me\r\n"),
            "caf\xc3\xa9 cr\xc3\xa8me\r\n");
  EXPECT_EQ(text_of("Content-Type: text/html; charset=\"utf-8\"\r\nContent-Transfer-Encoding: "
                    "BASE64\r\n\r\nPGI+w6Q8L2I+\r\n"),
            "<b>\xc3\xa4</b>");
  EXPECT_EQ(text_of("Subject: none\r\n\r\nraw \xe4\r\n"), "raw \xc3\xa4\r\n");
}

TEST(MimeText, IsEmptyForWhatIsNotText) { EXPECT_EQ(text_of("Content-Type: image/png\r\n\r\nnot text"), ""); }

} // namespace
} // namespace stagepost::mime
