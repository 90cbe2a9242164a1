#include "imap_repeat.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace stagepost::load {
namespace {

struct imap_store_settings : imap_repeat_settings {
  std::string set = "1:*";
  std::string flags = "(\\Seen)";
  bool silent = false;
};

} // namespace

void add_imap_store(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_store_settings>();
  auto& verb = *parent.add_subcommand("store", "set flags and take them off again");
  add_imap_repeat_options(verb, *settings);
  verb.add_option("--set", settings->set, "sequence numbers")->capture_default_str();
  verb.add_option("--flags", settings->flags, "flags in parentheses")->capture_default_str();
  verb.add_flag("--silent", settings->silent, "FLAGS.SILENT");
  verb.callback([settings, &chosen] {
    chosen = [settings] {
      const auto command = [&settings](char sign) {
        return fmt::format("STORE {} {}FLAGS{} {}", settings->set, sign, settings->silent ? ".SILENT" : "",
                           settings->flags);
      };
      return run_imap_commands(*settings, {command('+'), command('-')});
    };
  });
}

} // namespace stagepost::load
