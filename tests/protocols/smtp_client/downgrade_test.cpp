#include "protocols/smtp_client/downgrade.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stagepost::smtp_client {
namespace {

struct converted {
  bytes message;
  status_code refusal;
};

converted convert(bytes_view message, content_limit limit, size_t cut = 1 << 20) {
  const auto digest = mime::make_digest(message);
  const auto each_piece = [&](auto what) {
    for (auto rest = message; !rest.empty();) {
      const auto piece = rest.substr(0, cut);
      what(piece);
      rest.remove_prefix(piece.size());
    }
  };
  surveyor survey(digest);
  each_piece([&](bytes_view piece) { survey.feed(piece); });
  auto plan = plan_conversion(digest, survey.finish(), limit);
  if (plan.refusal) return {{}, plan.refusal};
  converter work(std::move(plan));
  converted out;
  each_piece([&](bytes_view piece) { work.feed(piece, out.message); });
  work.finish(out.message);
  return out;
}

content_facts facts_of(bytes_view message) {
  content_scan scan;
  scan.feed(message);
  return scan.facts();
}

/// What a reader sees of the leaf with those numbers.
std::string seen(bytes_view message, std::vector<uint32_t> numbers) {
  const auto digest = mime::make_digest(message);
  const auto* part = mime::find_part(digest, numbers);
  if (!part) return "(no such part)";
  return mime::decode_body(message.substr(part->body_offset, part->body_size),
                           mime::parse_transfer_encoding(part->encoding));
}

TEST(SmtpClientDowngrade, KnowsWhatAContentAsksFor) {
  EXPECT_EQ(body_of(facts_of("a\r\n")), smtp::body_type::seven_bit);
  EXPECT_EQ(body_of(facts_of("\xc3\xbc\r\n")), smtp::body_type::eight_bit_mime);
  EXPECT_EQ(body_of(facts_of("a\nb")), smtp::body_type::binary_mime);
  EXPECT_EQ(body_of(facts_of("a\r")), smtp::body_type::binary_mime);
  EXPECT_EQ(body_of(facts_of(bytes("a\0b", 3))), smtp::body_type::binary_mime);
}

TEST(SmtpClientDowngrade, LeavesASevenBitMessageAsItIs) {
  const bytes message = "Subject: x\r\nContent-Transfer-Encoding: 7bit\r\n\r\nbody\r\n";
  EXPECT_EQ(convert(message, content_limit::seven_bit).message, message);
}

TEST(SmtpClientDowngrade, WritesTextInQuotedPrintable) {
  const bytes message = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: 8bit\r\n\r\nmostly ascii gr\xc3\xbc\xc3\x9f\r\n.dot\r\n";
  const auto out = convert(message, content_limit::seven_bit).message;
  EXPECT_EQ(out,
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nmostly ascii gr=C3=BC=C3=9F\r\n=2Edot\r\n");
  EXPECT_EQ(convert(message, content_limit::eight_bit).message, message);
}

TEST(SmtpClientDowngrade, NamesWhatNobodyNamed) {
  // RFC 1428
  const auto out =
      convert("Subject: x\r\n\r\nsome more text gr\xfc\xdf\r\n", content_limit::seven_bit).message;
  EXPECT_EQ(out, "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\nsome more text gr=FC=DF\r\n");
}

const bytes mixed =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\npreamble \xff\r\n--b\r\nContent-Type: text/plain\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nsome plain text, gr\xc3\xbc\r\n--b\r\n"
    "Content-Type: image/png\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\x89PNG\r\n--b\r\n"
    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: y\r\n\r\n"
    "in the inner one \xc3\xa4\r\n--b\r\n\r\nplain\r\n--b--\r\n";

TEST(SmtpClientDowngrade, EncodesLeavesOnly) {
  const auto out = convert(mixed, content_limit::seven_bit).message;
  EXPECT_EQ(facts_of(out).eight_bit_octets, 0u);
  EXPECT_EQ(seen(out, {1}), "some plain text, gr\xc3\xbc");
  EXPECT_EQ(seen(out, {2}), "\x89PNG");
  EXPECT_EQ(seen(out, {3, 1}), "in the inner one \xc3\xa4");
  EXPECT_EQ(seen(out, {4}), "plain");
  const auto digest = mime::make_digest(out);
  EXPECT_EQ(digest.root.encoding, "7bit");
  EXPECT_EQ(digest.root.children.at(1).encoding, "base64");
  EXPECT_EQ(digest.root.children.at(2).encoding, "7bit");
}

TEST(SmtpClientDowngrade, IsTheSameHoweverItIsCut) {
  const auto whole = convert(mixed, content_limit::seven_bit).message;
  for (const size_t cut : {1, 2, 5, 64})
    EXPECT_EQ(convert(mixed, content_limit::seven_bit, cut).message, whole);
}

TEST(SmtpClientDowngrade, MakesBinaryFitForLines) {
  const bytes message =
      bytes("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
            "Content-Transfer-Encoding: binary\n\n--b\nContent-Type: application/x\n"
            "Content-Transfer-Encoding: binary\n\n\0\r\xff\n--b\nContent-Type: text/plain\n\n"
            "line\nline\n--b--\n",
            bytes_view("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
                       "Content-Transfer-Encoding: binary\n\n--b\nContent-Type: application/x\n"
                       "Content-Transfer-Encoding: binary\n\n")
                    .size() +
                bytes_view("xxx\n--b\nContent-Type: text/plain\n\nline\nline\n--b--\n").size());
  for (const auto limit : {content_limit::seven_bit, content_limit::eight_bit}) {
    const auto out = convert(message, limit).message;
    EXPECT_FALSE(facts_of(out).is_binary());
    EXPECT_EQ(seen(out, {1}), bytes("\0\r\xff", 3));
    EXPECT_EQ(seen(out, {2}), "line\nline");
    EXPECT_NE(mime::make_digest(out).root.encoding, "binary");
  }
}

TEST(SmtpClientDowngrade, DoesNotTouchWhatIsSigned) {
  const bytes message = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\ngr\xc3\xbc\r\n--b\r\n"
                        "Content-Type: application/pgp-signature\r\n\r\nsignature\r\n--b--\r\n";
  EXPECT_EQ(to_string(convert(message, content_limit::seven_bit).refusal), "5.6.3");
  EXPECT_EQ(convert(message, content_limit::eight_bit).message, message);
}

TEST(SmtpClientDowngrade, RefusesAnEncodingItDoesNotKnow) {
  EXPECT_EQ(
      to_string(convert("Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n\xff\r\n",
                        content_limit::seven_bit)
                    .refusal),
      "5.6.3");
}

TEST(SmtpClientDowngrade, KeepsTheMeaningOfBrokenEncodings) {
  const auto printable = convert(
      "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=\r\nb\xff\r\n",
      content_limit::seven_bit);
  EXPECT_EQ(seen(printable.message, {1}), "ab\xff\r\n");
  const auto base64 =
      convert("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\xff\nZA==\r\n",
              content_limit::seven_bit);
  EXPECT_EQ(seen(base64.message, {1}), "abcd");
  EXPECT_FALSE(facts_of(base64.message).is_binary());
  EXPECT_EQ(facts_of(base64.message).eight_bit_octets, 0u);
  // Many mailing lists put a footer behind whatever there is.
  const bytes listed = "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJjZA==\r\n";
  EXPECT_EQ(convert(listed + "-- \na list\n", content_limit::eight_bit).message,
            listed + "-- \r\na list\r\n");
}

TEST(SmtpClientDowngrade, EncodesAMessageGlobalAsAWhole) {
  const bytes inner = "Subject: gr\xc3\xbc\r\n\r\nbody\r\n";
  const auto out =
      convert("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/global\r\n\r\n" +
                  inner + "\r\n--b--\r\n",
              content_limit::seven_bit);
  EXPECT_EQ(facts_of(out.message).eight_bit_octets, 0u);
  EXPECT_NE(out.message.find(base64_encode(inner)), std::string::npos) << out.message;
}

TEST(SmtpClientDowngrade, MendsWhatIsBehindANestedMultipart) {
  const bytes message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                        "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n--c--\r\n"
                        "--b--\r\nbehind\nboth, gr\xfc\xdf\r\n";
  for (const auto limit : {content_limit::seven_bit, content_limit::eight_bit}) {
    const auto out = convert(message, limit);
    EXPECT_FALSE(out.refusal);
    EXPECT_FALSE(facts_of(out.message).is_binary()) << printable(out.message, 2000);
    EXPECT_EQ(seen(out.message, {1, 1}), "inner");
  }
  EXPECT_EQ(facts_of(convert(message, content_limit::seven_bit).message).eight_bit_octets, 0u);
}

TEST(SmtpClientDowngrade, LeavesNothingUnfitWhateverTheMessage) {
  static constexpr std::string_view pieces[] = {
      "--b\r\n",
      "--b--\r\n",
      "--c\r\n",
      "Content-Type: multipart/mixed; boundary=b\r\n",
      "\r\n",
      "\n",
      "\r",
      "Content-Type: multipart/mixed; boundary=c\r\n",
      "\xc3\xbc",
      "text",
      "=",
      "Content-Transfer-Encoding: 8bit\r\n",
      "a line\r\n",
      "\xff\xff",
      " ",
      "Content-Transfer-Encoding: quoted-printable\r\n",
      "Content-Type: message/rfc822\r\n",
      "Content-Transfer-Encoding: base64\r\n",
  };
  std::mt19937 random(20261122);
  for (int round = 0; round < 3000; ++round) {
    bytes message;
    for (size_t i = random() % 60; i > 0; --i) message += pieces[random() % std::size(pieces)];
    for (const auto limit : {content_limit::seven_bit, content_limit::eight_bit}) {
      const auto out = convert(message, limit);
      if (out.refusal) continue;
      ASSERT_FALSE(facts_of(out.message).is_binary()) << printable(message, 2000) << "\n"
                                                      << printable(out.message, 2000);
      ASSERT_EQ(convert(message, limit, 3).message, out.message) << printable(message, 2000);
    }
  }
}

TEST(SmtpClientDowngrade, EncodesNothingThatCallsItselfAMultipart) {
  // RFC 2045 6.4. Without a boundary line, or without a boundary, it is read as text, and is called so then.
  for (const bytes type : {"multipart/mixed; boundary=b", "Multipart/Alternative", "multipart/signed"}) {
    const auto out =
        convert("MIME-Version: 1.0\r\nContent-Type: " + type + "\r\n\r\ngr\xc3\xbc\xc3\x9f\xc3\xbc\r\n",
                content_limit::seven_bit);
    EXPECT_FALSE(out.refusal) << type;
    EXPECT_EQ(ascii_lower(out.message).find("multipart"), bytes::npos) << out.message;
    EXPECT_NE(out.message.find("Content-Type: text/plain; charset=unknown-8bit\r\n"), bytes::npos);
    EXPECT_EQ(seen(out.message, {1}), "gr\xc3\xbc\xc3\x9f\xc3\xbc\r\n");
  }
}

TEST(SmtpClientDowngrade, CallsAPartOctetsThatIsNestedTooDeepToBeRead) {
  bytes message;
  for (size_t i = 0; i <= mime::max_depth; ++i) {
    const auto name = "b" + std::to_string(i) + "x";
    message += "Content-Type: multipart/mixed; boundary=" + name + "\r\n\r\n--" + name + "\r\n";
  }
  const auto out = convert(message + "\r\n\xc3\xbc\r\n", content_limit::seven_bit);
  ASSERT_FALSE(out.refusal);
  EXPECT_NE(out.message.find("Content-Type: application/octet-stream\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n"),
            bytes::npos);
}

} // namespace
} // namespace stagepost::smtp_client
