#include "protocols/dns/rdata.hpp"

#include <gtest/gtest.h>

namespace stagepost::dns {
namespace {

using namespace std::string_literals;

TEST(DnsRdata, ReadsEachTypeOfRecord) {
  answer said;
  EXPECT_TRUE(add_record(said, record_type::a, "\xc0\x00\x02\x01"s));
  EXPECT_TRUE(add_record(said, record_type::aaaa, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s));
  EXPECT_TRUE(add_record(said, record_type::mx,
                         "\x00\x0a\x02MX\x07"
                         "Example\x00"s));
  EXPECT_TRUE(add_record(said, record_type::ptr,
                         "\x04host\x07"
                         "example\x00"s));
  EXPECT_TRUE(add_record(said, record_type::txt,
                         "\x03"
                         "one\x00\x05 two\xff"s));
  EXPECT_TRUE(add_record(said, record_type::tlsa, "\x03\x01\x01\xab\xcd"s));
  EXPECT_EQ(record_lines(said), (std::vector<std::string>{"192.0.2.1", "2001:db8::1", "10 mx.example",
                                                          "host.example", "\"one two\\xff\"", "3 1 1 abcd"}));
}

TEST(DnsRdata, RefusesWhatIsCutOffOrHasMoreThanItShould) {
  answer said;
  for (const auto& [type, rdata] :
       std::vector<std::pair<record_type, bytes>>{{record_type::a, "\x01\x02\x03"s},
                                                  {record_type::a, "\x01\x02\x03\x04\x05"s},
                                                  {record_type::aaaa, "\x01\x02\x03\x04"s},
                                                  {record_type::mx, "\x00\x0a"s},
                                                  {record_type::mx, "\x00\x0a\x03mx"s},
                                                  {record_type::mx, "\x00\x0a\x02mx\x00junk"s},
                                                  {record_type::ptr, ""s},
                                                  {record_type::ptr, "\xc0\x0c"s}, // a compression pointer
                                                  {record_type::ptr, "\x03"
                                                                     "a.b\x00"s}, // a dot within a label
                                                  {record_type::ptr, "\x03"
                                                                     "a\\b\x00"s},
                                                  {record_type::ptr, "\x02"
                                                                     "a\n\x00"s},
                                                  {record_type::txt, ""s},
                                                  {record_type::txt, "\x05"
                                                                     "four"s},
                                                  {record_type::tlsa, "\x03\x01\x01"s}})
    EXPECT_FALSE(add_record(said, type, rdata)) << to_string(type) << " of " << rdata.size() << " octets";
  EXPECT_EQ(record_lines(said).size(), 0u);
}

TEST(DnsRdata, NamesHaveTheLengthsOfTheStandard) {
  const auto label = "\x3f"s + std::string(63, 'a');
  bytes longest = label + label + label + "\x3d"s + std::string(61, 'b') + "\x00"s;
  bytes_view in = longest;
  const auto name = take_name(in);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->size(), 253u);
  EXPECT_TRUE(in.empty());
  const bytes longer = label + label + label + "\x3e"s + std::string(62, 'b') + "\x00"s;
  in = longer;
  EXPECT_FALSE(take_name(in));
  EXPECT_EQ(in.size(), longer.size());
}

TEST(DnsRdata, AnAnswerHasNoMoreRecordsThanTheLimit) {
  answer said;
  for (size_t i = 0; i < max_records; ++i) EXPECT_TRUE(add_record(said, record_type::a, "\x01\x02\x03\x04"s));
  EXPECT_FALSE(add_record(said, record_type::a, "\x01\x02\x03\x04"s));
}

TEST(DnsAnswer, AnswersTheChecksOfSendersInTheirTerms) {
  answer said;
  said.outcome = outcome::found;
  add_record(said, record_type::txt, "\x0bv=spf1 -all"s);
  const auto theirs = for_mailauth(said);
  EXPECT_EQ(theirs.status, mailauth::lookup_status::found);
  EXPECT_EQ(theirs.texts, std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(for_mailauth({.outcome = outcome::no_data}).status, mailauth::lookup_status::no_records);
  EXPECT_EQ(for_mailauth({.outcome = outcome::no_such_name}).status, mailauth::lookup_status::no_such_name);
  EXPECT_EQ(for_mailauth({.outcome = outcome::failed}).status, mailauth::lookup_status::failed);
  EXPECT_EQ(to_string(from_mailauth({mailauth::record_type::ptr, "1.2.0.192.in-addr.arpa"})),
            "PTR 1.2.0.192.in-addr.arpa");
}

TEST(DnsQuestion, TypesAreReadInAnyCase) {
  EXPECT_EQ(parse_record_type("tlsa"), record_type::tlsa);
  EXPECT_EQ(parse_record_type("Mx"), record_type::mx);
  EXPECT_FALSE(parse_record_type("ANY"));
  EXPECT_FALSE(parse_record_type(""));
}

} // namespace
} // namespace stagepost::dns
