// The test suite of RFC 7208 by openspf.org: ../shared/data/spf-rfc7208/SOURCE.md.
#include "tests/protocols/mailauth/fake_zone.hpp"
#include "tests/protocols/mailauth/outside_data.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace stagepost::mailauth::spf {
namespace {

std::string joined(const YAML::Node& strings) {
  if (strings.IsNull()) return {};
  if (strings.IsScalar()) return strings.as<std::string>();
  std::string out;
  for (const auto& one : strings) out += one.as<std::string>();
  return out;
}

std::string name_of(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return ascii_lower(text);
}

fake_zone read_zone(const YAML::Node& data) {
  fake_zone zone;
  for (const auto& entry : data) {
    const auto name = name_of(entry.first.as<std::string>());
    bool has_txt = false;
    std::vector<std::string> spf;
    for (const auto& record : entry.second) {
      if (record.IsScalar()) {
        zone.dead.insert(name);
        continue;
      }
      const auto type = record.begin()->first.as<std::string>();
      const auto value = record.begin()->second;
      if (type == "TXT") {
        has_txt = true;
        if (!(value.IsScalar() && value.as<std::string>() == "NONE"))
          zone.texts[name].push_back(joined(value));
      } else if (type == "SPF") {
        spf.push_back(joined(value));
      } else if (type == "A" || type == "AAAA") {
        zone.addresses[name].push_back(value.as<std::string>());
      } else if (type == "MX") {
        zone.exchanges[name].push_back(value[1].as<std::string>());
      } else if (type == "PTR") {
        zone.names[name].push_back(value.as<std::string>());
      } else if (type == "CNAME") {
        zone.aliases[name] = name_of(value.as<std::string>());
      }
    }
    if (!has_txt && !spf.empty()) zone.texts[name] = spf;
  }
  return zone;
}

std::vector<std::string> wanted(const YAML::Node& result) {
  if (result.IsScalar()) return {result.as<std::string>()};
  return result.as<std::vector<std::string>>();
}

TEST(SpfSuite, PassesInFull) {
  const auto text = read_outside("spf-rfc7208/rfc7208-tests.yml");
  if (!text) GTEST_SKIP() << "no ../shared/data/spf-rfc7208 beside this checkout";
  size_t count = 0;
  for (const auto& scenario : YAML::LoadAll(*text)) {
    if (!scenario["tests"]) continue;
    const auto zone = read_zone(scenario["zonedata"]);
    for (const auto& entry : scenario["tests"]) {
      const auto test = entry.second;
      const auto client = parse_client_address(test["host"].as<std::string>());
      ASSERT_TRUE(client);
      check checking({.client = *client,
                      .helo = test["helo"].as<std::string>(),
                      .mail_from = test["mailfrom"].as<std::string>(),
                      .receiver = "receiver.test"});
      const auto got = ask_all(checking, zone);
      const auto results = wanted(test["result"]);
      const auto name = scenario["description"].as<std::string>() + " / " + entry.first.as<std::string>();
      EXPECT_TRUE(std::find(results.begin(), results.end(), to_string(got.result)) != results.end())
          << name << ": got " << to_string(got.result) << " (" << got.matched << got.problem << "), wanted "
          << results.front();
      if (const auto explanation = test["explanation"]) {
        const auto text = explanation.as<std::string>();
        EXPECT_EQ(got.explanation, text == "DEFAULT" ? "" : text) << name;
      }
      ++count;
    }
  }
  EXPECT_EQ(count, 203u);
}

} // namespace
} // namespace stagepost::mailauth::spf
