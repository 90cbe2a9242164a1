#include "tools/stagepostctl/import.hpp"

#include "tools/stagepostctl/mail_source.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace stagepost::ctl {

namespace json = boost::json;

import_outcome import_mail(client& server, const std::string& address, const std::string& path,
                           const std::string& folder) {
  import_outcome outcome;
  const bool show = ::isatty(STDERR_FILENO);
  read_mail(path, [&](found_message message, double share) {
    json::array flags;
    for (const auto& each : message.flags) flags.emplace_back(each);
    json::object request{{"verb", "import"}, {"name", address}, {"folder", folder}, {"flags", flags}};
    if (message.date_seconds != 0) request["date_seconds"] = message.date_seconds;
    const auto answer = server.ask(std::move(request), message.octets);
    if (!answer.at("done").as_bool()) {
      ++outcome.refused;
      if (outcome.first_reason.empty()) outcome.first_reason = std::string(answer.at("sentence").as_string());
    } else if (answer.at("imported").as_bool()) {
      ++outcome.imported;
    } else {
      ++outcome.known;
    }
    if (show)
      fmt::print(stderr, "\r{:3.0f} %  {} imported, {} there already, {} refused ", share * 100,
                 outcome.imported, outcome.known, outcome.refused);
  });
  if (show) fmt::print(stderr, "\n");
  return outcome;
}

void print_import(const import_outcome& outcome, bool as_json) {
  if (as_json)
    std::cout << json::object{{"done", outcome.refused == 0},
                              {"imported", outcome.imported},
                              {"known", outcome.known},
                              {"refused", outcome.refused}}
              << '\n';
  else
    fmt::print("{} imported, {} there already, {} refused\n", outcome.imported, outcome.known,
               outcome.refused);
  if (outcome.refused != 0) fmt::print(stderr, "{}\n", outcome.first_reason);
}

} // namespace stagepost::ctl
