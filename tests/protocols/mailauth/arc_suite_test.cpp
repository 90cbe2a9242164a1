// ValiMail's ARC suites: ../shared/data/arc-valimail/SOURCE.md.
#include "protocols/base/text.hpp"
#include "protocols/mailauth/authentication_results.hpp"
#include "tests/protocols/mailauth/arc_message.hpp"
#include "tests/protocols/mailauth/outside_data.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace stagepost::mailauth::arc {
namespace {

dkim::txt_records read_records(const YAML::Node& data) {
  dkim::txt_records out;
  for (const auto& entry : data) {
    auto text = entry.second.as<std::string>();
    std::erase(text, '\n');
    out[ascii_lower(entry.first.as<std::string>())] = dkim::txt(text);
  }
  return out;
}

std::string text_of(const YAML::Node& node) {
  return node && node.IsScalar() ? node.as<std::string>() : std::string();
}

dkim::message message_of(const YAML::Node& test) {
  return dkim::split_message(with_crlf(text_of(test["message"])));
}

TEST(ArcSuite, ValidatesAsTheOthersDo) {
  const auto text = read_outside("arc-valimail/arc-validation-tests-half.yml");
  if (!text) GTEST_SKIP() << "no ../shared/data/arc-valimail beside this checkout";
  size_t count = 0;
  for (const auto& scenario : YAML::LoadAll(*text)) {
    if (!scenario["tests"]) continue;
    const auto dns = read_records(scenario["txt-records"]);
    for (const auto& entry : scenario["tests"]) {
      const auto got = validate(message_of(entry.second), dns);
      // Two cases of chains that end in cv=fail are left open; RFC 8617 5.2 says fail.
      auto wanted = ascii_lower(text_of(entry.second["cv"]));
      if (wanted.empty()) wanted = "fail";
      EXPECT_EQ(to_string(got.result), wanted) << scenario["description"].as<std::string>() << " / "
                                               << entry.first.as<std::string>() << ": " << got.problem;
      ++count;
    }
  }
  EXPECT_GE(count, 87u); // two names occur twice in the file
}

/// The tags of a field, white space taken off the values; and of results the words.
std::map<std::string, std::string> tags_of(std::string_view value) {
  std::map<std::string, std::string> out;
  const auto tags = tag_list::parse(value);
  if (!tags) return out;
  for (const auto& t : tags->tags()) out[std::string(t.name)] = without_white_space(t.value);
  return out;
}

/// What our server said of the message, taken from its Authentication-Results fields as the suite wants it.
std::string results_of(const bytes& header, const std::string& id) {
  authentication_results out{id};
  for (const auto& field : mime::header_fields(header)) {
    if (!ascii_iequals(field.name, "authentication-results")) continue;
    const auto read = parse_results(field.value);
    if (!read || !ascii_iequals(read->authserv_id, id)) continue;
    for (const auto& one : read->results)
      if (std::find(out.results.begin(), out.results.end(), one) == out.results.end())
        out.results.push_back(one);
  }
  return write_results(out);
}

TEST(ArcSuite, SealsAsTheOthersDo) {
  const auto text = read_outside("arc-valimail/arc-draft-sign-tests.yml");
  if (!text) GTEST_SKIP() << "no ../shared/data/arc-valimail beside this checkout";
  size_t count = 0;
  for (const auto& scenario : YAML::LoadAll(*text)) {
    if (!scenario["tests"]) continue;
    const auto dns = read_records(scenario["txt-records"]);
    const auto key = private_key::from_pem(scenario["privatekey"].as<std::string>());
    ASSERT_TRUE(key);
    for (const auto& entry : scenario["tests"]) {
      const auto test = entry.second;
      const auto name = entry.first.as<std::string>();
      const auto m = message_of(test);
      sealing_settings with{.domain = scenario["domain"].as<std::string>(),
                            .selector = scenario["sel"].as<std::string>(),
                            .key = *key};
      with.fields.clear();
      const auto names = text_of(test["sig-headers"]);
      for (const auto field : split_list(names)) with.fields.push_back(ascii_lower(field));
      with.line_length = 998; // the suite's values are in one piece
      const auto at = from_unix_milliseconds(test["t"].as<int64_t>() * 1000);
      sealer making(m.header, with, validate(m, dns).result, results_of(m.header, text_of(test["srv-id"])),
                    at);
      making.feed_body(m.body);
      const auto made = making.finish();
      ASSERT_TRUE(made) << name;
      const auto field = [&](std::string_view which) {
        const auto found = mime::find_field(*made, which);
        return found ? std::string(found->value) : std::string();
      };
      EXPECT_EQ(tags_of(field("ARC-Message-Signature")), tags_of(text_of(test["AMS"]))) << name;
      EXPECT_EQ(tags_of(field("ARC-Seal")), tags_of(text_of(test["AS"]))) << name;
      EXPECT_EQ(without_white_space(field("ARC-Authentication-Results")),
                without_white_space(text_of(test["AAR"])))
          << name;
      ++count;
    }
  }
  EXPECT_EQ(count, 17u);
}

} // namespace
} // namespace stagepost::mailauth::arc
