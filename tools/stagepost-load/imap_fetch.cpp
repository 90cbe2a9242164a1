#include "imap_repeat.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace stagepost::load {
namespace {

struct imap_fetch_settings : imap_repeat_settings {
  std::string set = "1:*";
  std::string items = "(FLAGS UID ENVELOPE BODYSTRUCTURE)";
};

} // namespace

void add_imap_fetch(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_fetch_settings>();
  auto& verb = *parent.add_subcommand("fetch", "FETCH a list of items");
  add_imap_repeat_options(verb, *settings);
  verb.add_option("--set", settings->set, "sequence numbers")->capture_default_str();
  verb.add_option("--items", settings->items, "what to fetch")->capture_default_str();
  verb.callback([settings, &chosen] {
    chosen = [settings] {
      return run_imap_commands(*settings, {fmt::format("FETCH {} {}", settings->set, settings->items)});
    };
  });
}

} // namespace stagepost::load
