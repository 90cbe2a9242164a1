#include "protocols/autodiscover/outlook_answer.hpp"
#include "protocols/autodiscover/thunderbird_answer.hpp"

#include <gtest/gtest.h>

namespace stagepost::autodiscover {
namespace {

const offer all_three = {{protocol::imap, "imap.example.com", 993, encryption::implicit},
                         {protocol::pop3, "pop.example.com", 110, encryption::none},
                         {protocol::smtp, "smtp.example.com", 587, encryption::starttls}};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

/// The part of `text` from `from` to the next `to`.
std::string part(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  return begin == text.npos ? "" : text.substr(begin, text.find(to, begin) - begin);
}

TEST(OutlookAnswer, HasABlockForEachService) {
  const auto text = outlook_answer("fred@example.com", all_three);
  const auto imap = part(text, "<Type>IMAP</Type>", "</Protocol>");
  for (const char* each : {"<Server>imap.example.com</Server>", "<Port>993</Port>", "<SSL>on</SSL>",
                           "<Encryption>SSL</Encryption>", "<SPA>off</SPA>",
                           "<AuthRequired>on</AuthRequired>", "<LoginName>fred@example.com</LoginName>"})
    EXPECT_TRUE(contains(imap, each)) << each;
  const auto pop3 = part(text, "<Type>POP3</Type>", "</Protocol>");
  EXPECT_TRUE(contains(pop3, "<SSL>off</SSL>") && contains(pop3, "<Encryption>None</Encryption>"));
  const auto smtp = part(text, "<Type>SMTP</Type>", "</Protocol>");
  EXPECT_TRUE(contains(smtp, "<SSL>on</SSL>") && contains(smtp, "<Encryption>TLS</Encryption>"));
  EXPECT_LT(text.find("IMAP"), text.find("POP3"));
}

TEST(OutlookAnswer, EscapesWhatTheClientSaid) {
  const auto text = outlook_answer("\"<b>&\"@example.com", {all_three.front()});
  EXPECT_TRUE(contains(text, "<LoginName>&quot;&lt;b&gt;&amp;&quot;@example.com</LoginName>"));
}

TEST(OutlookAnswer, NamesErrorsByTheirNumber) {
  const auto text =
      outlook_refusal(outlook_error::invalid_request, from_unix_milliseconds(1'700'000'000'123));
  EXPECT_TRUE(contains(text, "<ErrorCode>600</ErrorCode>"));
  EXPECT_TRUE(contains(text, "Time=\"22:13:20.123\""));
  EXPECT_FALSE(contains(text, "<Account>"));
}

TEST(OutlookAnswer, PointsToItselfInJson) {
  EXPECT_EQ(outlook_pointer("https://mail.example.com/a"),
            "{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"https://mail.example.com/a\"}");
  EXPECT_EQ(outlook_pointer_refusal("A", "say \"b\"\n"),
            "{\"ErrorCode\":\"A\",\"ErrorMessage\":\"say \\\"b\\\"\"}");
}

TEST(ThunderbirdAnswer, HasServersInTheirOrder) {
  const auto text = thunderbird_answer("example.com", all_three);
  EXPECT_TRUE(contains(text, "<emailProvider id=\"example.com\">"));
  const auto imap = part(text, "<incomingServer type=\"imap\">", "</incomingServer>");
  for (const char* each :
       {"<hostname>imap.example.com</hostname>", "<port>993</port>", "<socketType>SSL</socketType>",
        "<username>%EMAILADDRESS%</username>", "<authentication>password-cleartext</authentication>"})
    EXPECT_TRUE(contains(imap, each)) << each;
  EXPECT_TRUE(contains(part(text, "<incomingServer type=\"pop3\">", "</incomingServer>"),
                       "<socketType>plain</socketType>"));
  EXPECT_TRUE(contains(part(text, "<outgoingServer type=\"smtp\">", "</outgoingServer>"),
                       "<socketType>STARTTLS</socketType>"));
}

} // namespace
} // namespace stagepost::autodiscover
