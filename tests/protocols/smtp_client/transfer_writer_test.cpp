#include "protocols/smtp_client/transfer_writer.hpp"

#include "protocols/mime/encoding.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stagepost::smtp_client {
namespace {

template <class Writer>
bytes written(bytes_view text, size_t cut) {
  Writer writer;
  bytes out;
  while (!text.empty()) {
    const auto piece = text.substr(0, cut);
    writer.feed(piece, out);
    text.remove_prefix(piece.size());
  }
  writer.finish(out);
  return out;
}

bytes random_text(std::mt19937& random, size_t words) {
  static constexpr std::string_view pieces[] = {"a",     " ",    "\t",       "=",    ".",
                                                "From ", "\r\n", "\xc3\xbc", "word", "F"};
  bytes out;
  for (size_t i = 0; i < words; ++i) out += pieces[random() % std::size(pieces)];
  return out + "x";
}

TEST(SmtpClientTransferWriter, WritesTheSameAsForAWholeBodyHoweverItIsCut) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 200; ++round) {
    const auto text = random_text(random, 200);
    const auto whole = mime::encode_quoted_printable(text);
    for (const size_t cut : {1, 2, 3, 7, 1000}) {
      ASSERT_EQ(written<quoted_printable_writer>(text, cut), whole) << round;
      ASSERT_EQ(written<base64_writer>(text, cut) + "\r\n", mime::encode_base64_body(text)) << round;
    }
  }
}

TEST(SmtpClientTransferWriter, MendsQuotedPrintableWithoutChangingWhatItMeans) {
  const bytes broken = "gr\xc3\xbc\xc3\x9f =E4\n" + bytes(74, 'x') + "\xff=\r\ny\rz";
  const auto mended = written<quoted_printable_mender>(broken, 1);
  EXPECT_EQ(mime::decode_body(mended, mime::transfer_encoding::quoted_printable),
            "gr\xc3\xbc\xc3\x9f \xe4\r\n" + bytes(74, 'x') + "\xffy\rz");
  for (const char c : mended) EXPECT_LT(uint8_t(c), 0x80);
  EXPECT_EQ(written<quoted_printable_mender>(broken, 100), mended);
}

TEST(SmtpClientTransferWriter, LeavesNoBareNewlineInLines) {
  EXPECT_EQ(written<line_mender>("a\nb\rc\r\nd\xff\r", 1), "a\r\nb\r\nc\r\nd?\r\n");
}

} // namespace
} // namespace stagepost::smtp_client
