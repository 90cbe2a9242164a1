#include "protocols/footer/placing.hpp"

#include "protocols/mime/charset.hpp"
#include "protocols/mime/encoding.hpp"

#include <gtest/gtest.h>

namespace stagepost::footer {
namespace {

constexpr std::string_view german = "gr\xc3\xbc\xc3\x9f";

struct put {
  bytes message;
  std::string refusal;
};

put put_into(bytes_view message, std::string_view text = "The footer", bool lists_too = false,
             size_t cut = 1 << 20) {
  const auto digest = mime::make_digest(message);
  const auto where = outline_of(digest);
  if (!where.refusal.empty()) return {{}, where.refusal};
  const auto header = message.substr(0, digest.header_size);
  if (auto refusal = refusal_of(digest, header, lists_too); !refusal.empty()) return {{}, refusal};
  std::vector<bytes> texts;
  for (const auto* each : where.texts) {
    const auto span = span_of(*each);
    texts.emplace_back(message.substr(span.offset, span.size));
  }
  wanted_footer what;
  what.text = text;
  what.boundary = "made";
  auto placed = place(digest, where, header, texts, what);
  if (!placed.refusal.empty()) return {{}, placed.refusal};
  editor work(std::move(placed.edits));
  put out;
  for (auto rest = message; !rest.empty();) {
    const auto piece = rest.substr(0, cut);
    work.feed(piece, out.message);
    rest.remove_prefix(piece.size());
  }
  work.finish(out.message);
  return out;
}

/// What a reader sees of the leaf with those numbers, as UTF-8.
std::string seen(bytes_view message, std::vector<uint32_t> numbers) {
  const auto digest = mime::make_digest(message);
  const auto* part = mime::find_part(digest, numbers);
  if (!part) return "(no such part)";
  const auto octets = mime::decode_body(message.substr(part->body_offset, part->body_size),
                                        mime::parse_transfer_encoding(part->encoding));
  return mime::to_utf8(octets, mime::decoded_parameter(part->parameters, "charset").value_or(""));
}

TEST(FooterPlacing, StandsBehindAPlainText) {
  EXPECT_EQ(put_into("Subject: x\r\n\r\nhello\r\n").message, "Subject: x\r\n\r\nhello\r\n\r\nThe footer\r\n");
  EXPECT_EQ(put_into("Subject: x\r\n\r\n").message, "Subject: x\r\n\r\nThe footer\r\n");
}

TEST(FooterPlacing, IsSaidInTheCharsetOfTheText) {
  const auto latin = put_into("Content-Type: text/plain; charset=iso-8859-1\r\n"
                              "Content-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n",
                              german);
  EXPECT_NE(latin.message.find("\xe4\r\n\r\ngr\xfc\xdf\r\n"), bytes::npos);
  for (const bytes field : {"Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n",
                            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\r\n",
                            "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n"}) {
    const auto out = put_into("Content-Type: text/plain; charset=utf-8\r\n" + field, german).message;
    EXPECT_EQ(seen(out, {1}), "\xc3\xa4\r\n\r\n" + bytes(german) + "\r\n") << out;
  }
}

TEST(FooterPlacing, MakesATextUtf8ThatCannotSayIt) {
  const auto plain = put_into("Subject: x\r\n\r\nhello\r\n", german).message;
  EXPECT_NE(plain.find("MIME-Version: 1.0\r\n"), bytes::npos);
  EXPECT_NE(plain.find("Content-Transfer-Encoding: quoted-printable\r\n"), bytes::npos);
  EXPECT_EQ(seen(plain, {1}), "hello\r\n\r\n" + bytes(german) + "\r\n");
  const auto flowed =
      put_into("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii; format=flowed\r\n"
               "\r\nhello \r\n",
               german)
          .message;
  EXPECT_NE(flowed.find("format=flowed"), bytes::npos);
  EXPECT_EQ(seen(flowed, {1}), "hello\r\n\r\n" + bytes(german) + "\r\n");
}

TEST(FooterPlacing, StandsInEachAlternativeAndInNoAttachment) {
  const bytes message =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
      "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
      "--a\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
      "--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n"
      "--r\r\nContent-Type: text/html\r\n\r\n<p>hello</p></body>\r\n"
      "--r\r\nContent-Type: image/png\r\n\r\npicture\r\n--r--\r\n--a--\r\n"
      "--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--m--\r\n";
  const auto out = put_into(message).message;
  EXPECT_EQ(seen(out, {1, 1}), "hello\r\n\r\nThe footer");
  EXPECT_EQ(seen(out, {1, 2, 1}), "<p>hello</p>\r\n<div>The footer</div>\r\n</body>");
  EXPECT_EQ(seen(out, {1, 2, 2}), "picture");
  EXPECT_EQ(seen(out, {2}), "file");
  for (const size_t cut : {1u, 7u, 100u}) EXPECT_EQ(put_into(message, "The footer", false, cut).message, out);
}

TEST(FooterPlacing, IsAPartOfItsOwnWhereThereIsNoText) {
  const auto out = put_into("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: image/png\r\n"
                            "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
                            german)
                       .message;
  const auto digest = mime::make_digest(out);
  ASSERT_EQ(digest.root.children.size(), 2u) << out;
  EXPECT_EQ(digest.root.subtype, "mixed");
  EXPECT_EQ(digest.root.children[0].type, "image");
  EXPECT_EQ(digest.root.children[0].encoding, "base64");
  EXPECT_EQ(seen(out, {1}), bytes(3, '\0'));
  EXPECT_EQ(seen(out, {2}), bytes(german));
}

TEST(FooterPlacing, IsAPartOfItsOwnBehindATextThatIsTooLarge) {
  const auto out = put_into("Subject: x\r\n\r\n" + bytes(max_text_octets, 'x')).message;
  EXPECT_EQ(seen(out, {1}).size(), max_text_octets);
  EXPECT_EQ(seen(out, {2}), "The footer");
}

TEST(FooterPlacing, IsAPartOfItsOwnWhereACharsetIsNotKnown) {
  const auto out = put_into("Content-Type: text/plain; charset=x-nobodys\r\n\r\nx\r\n", german).message;
  EXPECT_EQ(seen(out, {1}), "x\r\n");
  EXPECT_EQ(seen(out, {2}), bytes(german));
}

TEST(FooterPlacing, IsAPartOfItsOwnWhereTextsAreTooMany) {
  bytes message = "Content-Type: multipart/alternative; boundary=b\r\n\r\n";
  for (size_t i = 0; i <= max_texts; ++i) message += "--b\r\n\r\nhello\r\n";
  const auto out = put_into(message + "--b--\r\n").message;
  EXPECT_EQ(seen(out, {1, 1}), "hello");
  EXPECT_EQ(seen(out, {2}), "The footer");
}

TEST(FooterPlacing, LeavesAPartWithoutABodyALineOfItsOwn) {
  const bytes around = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  for (const bytes part : {"Content-Type: text/plain\r\n\r\n", "\r\n", "\r\n\r\n"}) {
    const auto out = put_into(around + part + "--b\r\n\r\nmore\r\n--b--\r\n").message;
    EXPECT_EQ(seen(out, {1}).substr(0, 10), "The footer") << out;
    EXPECT_EQ(seen(out, {2}), "more") << out;
  }
}

TEST(FooterPlacing, EndsNoPart) {
  // A line of the footer is the boundary; a line of the text is, once it is not escaped any more.
  const bytes around = "Content-Type: multipart/mixed; boundary*=''-%20b\r\n\r\n--- b\r\n";
  const auto by_footer = put_into(around + "\r\nhello\r\n--- b--\r\n", "x\n--- by us").message;
  EXPECT_EQ(seen(by_footer, {1, 1}), "hello");
  EXPECT_EQ(seen(by_footer, {2}), "x\r\n--- by us");
  const auto by_text = put_into(around + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                         "=2D-- b\r\n--- b--\r\n")
                           .message;
  EXPECT_EQ(seen(by_text, {1, 1}), "--- b");
  EXPECT_EQ(seen(by_text, {2}), "The footer");
}

TEST(FooterPlacing, EncodesALineThatIsTooLong) {
  const std::string text(2000, 'x');
  for (const bytes type : {"text/plain", "text/html"}) {
    const auto out = put_into("Content-Type: " + type + "\r\n\r\nhello\r\n", text).message;
    EXPECT_NE(out.find("Content-Transfer-Encoding: quoted-printable\r\n"), bytes::npos);
    EXPECT_NE(seen(out, {1}).find(text), bytes::npos);
  }
}

TEST(FooterPlacing, KnowsWhatServersSigned) {
  EXPECT_TRUE(is_signed_on_its_way("Subject: x\r\ndkim-signature: v=1\r\n\r\n"));
  EXPECT_TRUE(is_signed_on_its_way("ARC-Message-Signature: i=1\r\n\r\n"));
  EXPECT_FALSE(is_signed_on_its_way("Subject: DKIM-Signature: x\r\n\r\n"));
}

TEST(FooterPlacing, BreaksNoSignature) {
  for (const bytes type : {"multipart/signed; boundary=b", "multipart/encrypted; boundary=b",
                           "multipart/mixed; boundary=b", "multipart/report; boundary=b"}) {
    const auto out = put_into("Content-Type: " + type +
                              "\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
                              "Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n");
    EXPECT_FALSE(out.refusal.empty()) << type;
  }
  EXPECT_FALSE(put_into("Content-Type: application/pkcs7-mime\r\n\r\nx\r\n").refusal.empty());
  EXPECT_FALSE(put_into("\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n").refusal.empty());
  EXPECT_FALSE(put_into("Content-Type: multipart/mixed\r\n\r\nno boundary\r\n").refusal.empty());
  EXPECT_FALSE(put_into("Content-Type: message/partial; id=x; number=2\r\n\r\nx\r\n").refusal.empty());
}

TEST(FooterPlacing, LeavesListsAlone) {
  const bytes message = "List-Id: <all.example.test>\r\n\r\nhello\r\n";
  EXPECT_FALSE(put_into(message).refusal.empty());
  EXPECT_EQ(put_into(message, "The footer", true).message, message + "\r\nThe footer\r\n");
}

} // namespace
} // namespace stagepost::footer
