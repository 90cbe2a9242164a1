#include "protocols/autodiscover/outlook_request.hpp"

#include <gtest/gtest.h>

namespace stagepost::autodiscover {
namespace {

// As Outlook writes it, but for the names.
const std::string usual = R"(<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>fred@example.com</EMailAddress><AcceptableResponseSchema>)" +
                          std::string(outlook_schema) +
                          R"(</AcceptableResponseSchema></Request></Autodiscover>)";

std::string request_of(const std::string& inside) {
  return "<Autodiscover><Request>" + inside + "</Request></Autodiscover>";
}

TEST(OutlookRequest, SaysForWhomAndInWhichForm) {
  const auto found = parse_outlook_request(usual);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "fred@example.com");
  EXPECT_EQ(found->response_schema, outlook_schema);
}

TEST(OutlookRequest, MayHavePrefixesEscapesAndBlanks) {
  const auto found =
      parse_outlook_request("<a:Autodiscover xmlns:a=\"x\"><a:Request><a:EMailAddress>\r\n "
                            "fred&amp;ann@example.com </a:EMailAddress></a:Request></a:Autodiscover>");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "fred&ann@example.com");
  EXPECT_EQ(found->response_schema, "");
}

TEST(OutlookRequest, CountsOnlyWhatStandsAtItsPlace) {
  const auto found = parse_outlook_request("<Autodiscover><Other><EMailAddress>a@b</EMailAddress></Other>"
                                           "<Request><Deep><EMailAddress>c@d</EMailAddress></Deep>"
                                           "<LegacyDN>x</LegacyDN></Request></Autodiscover>");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "");
}

TEST(OutlookRequest, IsRefusedWhenItDefinesEntities) {
  EXPECT_FALSE(parse_outlook_request("<!DOCTYPE Autodiscover [<!ENTITY who SYSTEM \"file:///etc/passwd\">]>" +
                                     request_of("<EMailAddress>&who;</EMailAddress>")));
  EXPECT_FALSE(parse_outlook_request("<!DOCTYPE Autodiscover [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" +
                                     request_of("<EMailAddress>&b;</EMailAddress>")));
  EXPECT_FALSE(parse_outlook_request("<!DOCTYPE Autodiscover>" + request_of("")));
}

TEST(OutlookRequest, HasLimits) {
  EXPECT_FALSE(parse_outlook_request(
      request_of("<EMailAddress>" + std::string(longest_value + 1, 'a') + "</EMailAddress>")));
  EXPECT_TRUE(parse_outlook_request(request_of("<X>" + std::string(longest_value + 1, 'a') + "</X>")));
  EXPECT_FALSE(parse_outlook_request(request_of(std::string(largest_outlook_request, ' '))));
  std::string deep;
  for (size_t i = 0; i < deepest_element; ++i) deep += "<x>";
  for (size_t i = 0; i < deepest_element; ++i) deep += "</x>";
  EXPECT_FALSE(parse_outlook_request(request_of(deep)));
}

TEST(OutlookRequest, IsRefusedWhenItIsSomethingElse) {
  for (const std::string& bad :
       {std::string(), std::string("hello"), std::string("<Autodiscover><Request>"),
        std::string("<html></html>"), usual.substr(0, usual.size() / 2), usual + "x",
        request_of("<EMailAddress>a@b</EMailAddress><EMailAddress>c@d</EMailAddress>"),
        request_of("<EMailAddress><b>a@b</b></EMailAddress>"), request_of("\xff")})
    EXPECT_FALSE(parse_outlook_request(bad)) << bad;
}

} // namespace
} // namespace stagepost::autodiscover
