#include "imap_repeat.hpp"
#include "vocabulary.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace stagepost::load {
namespace {

struct imap_search_settings : imap_repeat_settings {
  std::vector<std::string> keys;
  std::string field = "BODY";
  uint32_t words = 3;
};

// Words far apart in the vocabulary, of each length it has.
std::vector<std::string> search_commands(const imap_search_settings& settings) {
  std::vector<std::string> commands;
  for (const auto& key : settings.keys) commands.push_back("SEARCH " + key);
  if (!commands.empty()) return commands;
  const auto& words = vocabulary();
  for (uint32_t i = 0; i < settings.words; ++i)
    commands.push_back(
        fmt::format("SEARCH {} \"{}\"", settings.field, words[(i * 1657 + 1234) % words.size()]));
  return commands;
}

} // namespace

void add_imap_search(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_search_settings>();
  auto& verb =
      *parent.add_subcommand("search", "SEARCH for words of the generated text, or for keys of your own");
  add_imap_repeat_options(verb, *settings);
  verb.add_option("--key", settings->keys, "a whole search key; may be given more than once");
  verb.add_option("--field", settings->field, "BODY, TEXT or SUBJECT, when no key is given")
      ->capture_default_str();
  verb.add_option("--words", settings->words, "how many words to look for, when no key is given")
      ->capture_default_str();
  verb.callback([settings, &chosen] {
    chosen = [settings] { return run_imap_commands(*settings, search_commands(*settings)); };
  });
}

} // namespace stagepost::load
