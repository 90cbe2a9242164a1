#include "tools/stagepostd/daemon.hpp"
#include "tools/stagepostd/process.hpp"

#include "conf/load.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <sys/stat.h>

int main(int argc, char** argv) {
  CLI::App app{"Stagepost, a mail and collaboration server."};
  std::string config;
  bool check = false;
  app.add_option("--config", config, "The node's settings file")->required();
  app.add_flag("--check", check, "Read the settings, say what is wrong with them, and end");
  CLI11_PARSE(app, argc, argv);

  const auto outcome = stagepost::conf::load_file(config);
  for (const auto& each : outcome.errors) std::fprintf(stderr, "%s\n", each.c_str());
  if (!outcome.ok()) return 78; // EX_CONFIG
  if (check) {
    std::printf("%s: fine\n", config.c_str());
    return 0;
  }
  stagepost::daemon::bound_heaps();
  ::umask(0077); // mail is nobody else's business
  return stagepost::daemon::run(outcome.loaded, config);
}
