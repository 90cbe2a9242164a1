#include "conf/example.hpp"

#include "conf/describe.hpp"
#include "conf/load.hpp"
#include "conf/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>

using namespace stagepost::conf;

namespace {

const std::string conf_folder = STAGEPOST_SOURCE_DIR "/conf/";

/// The text of a generated file of the tree; with STAGEPOST_REGENERATE set it is written first.
std::string committed(const std::string& name, const std::string& generated) {
  if (std::getenv("STAGEPOST_REGENERATE")) std::ofstream(conf_folder + name) << generated;
  std::ifstream file(conf_folder + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST(ExampleFile, InTheTreeIsWhatTheGeneratorPrints) {
  EXPECT_EQ(committed("stagepost.yaml", example_file()), example_file()) << "run with STAGEPOST_REGENERATE=1";
}

TEST(ExampleFile, ReferenceInTheTreeIsWhatTheGeneratorPrints) {
  EXPECT_EQ(committed("reference.md", reference_text()), reference_text())
      << "run with STAGEPOST_REGENERATE=1";
}

TEST(ExampleFile, LoadsAndMeansTheDefaults) {
  const auto outcome = load_file(conf_folder + "stagepost.yaml");
  EXPECT_EQ(outcome.errors, std::vector<file_error>{});
  EXPECT_TRUE(outcome.loaded.first_start.empty());
  EXPECT_EQ(outcome.loaded.node.listeners, node_settings::default_listeners());
  for (const auto& entry : settings_of<node_settings>())
    EXPECT_EQ(entry.read(entry, outcome.loaded.node), default_of(entry)) << entry.name;
}

TEST(ExampleFile, LoadsWithAllThatIsCommentedOutSwitchedOn) {
  // A value that is commented out follows its "#" at once, a comment has a blank between.
  const std::string text = std::regex_replace(example_file(), std::regex("(^|\n)( *)#([a-z])"), "$1$2$3");
  const std::string lists =
      std::regex_replace(text, std::regex("(^|\n)#( +(- )?[a-z_]+: ?[\"\\[a-z0-9])"), "$1$2");
  const auto outcome = load_text(lists, "example");
  EXPECT_EQ(outcome.errors, std::vector<file_error>{});
  EXPECT_EQ(outcome.loaded.first_start.size(), settings_of<system_settings>().size());
  for (const auto& entry : settings_of<system_settings>())
    EXPECT_EQ(outcome.loaded.first_start.at(std::string{entry.name}), default_of(entry)) << entry.name;
}

TEST(ExampleFile, ShowsEverySettingWithItsSentence) {
  const std::string reference = reference_text();
  const auto shown = [&](const description& entry) {
    return reference.find("`" + std::string{entry.name} + "`") != reference.npos &&
           reference.find(std::string{entry.sentence}) != reference.npos;
  };
  for (const auto& entry : settings_of<system_settings>()) EXPECT_TRUE(shown(entry)) << entry.name;
  for (const auto& entry : settings_of<domain_settings>()) EXPECT_TRUE(shown(entry)) << entry.name;
  for (const auto& entry : settings_of<user_settings>()) EXPECT_TRUE(shown(entry)) << entry.name;
}
