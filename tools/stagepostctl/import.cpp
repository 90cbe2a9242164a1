#include "tools/stagepostctl/import.hpp"

#include "tools/stagepostctl/mail_source.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <unistd.h>
#include <utility>
#include <vector>

namespace stagepost::ctl {

namespace json = boost::json;

namespace {

// A request costs the server a sync, whatever is in it.
constexpr size_t messages_of_request = 200;
constexpr size_t octets_of_request = 2 * 1024 * 1024;

/// Gathers messages and sends them, many at once, in the order they came.
class sender {
public:
  sender(client& server, std::string address, std::string folder)
      : server_(server), address_(std::move(address)), folder_(std::move(folder)) {}

  void add(found_message message) {
    if (!waiting_.empty() && octets_ + message.octets.size() > octets_of_request) send();
    octets_ += message.octets.size();
    waiting_.push_back(std::move(message));
    if (waiting_.size() >= messages_of_request || octets_ >= octets_of_request) send();
  }

  void send() {
    if (waiting_.empty()) return;
    const auto all = std::exchange(waiting_, {});
    octets_ = 0;
    if (ask(all.data(), all.size()) || all.size() == 1) return;
    // All or none: of those that could not come together each is tried, to bring in what there is room for.
    for (const auto& each : all) ask(&each, 1);
  }

  const import_outcome& outcome() const { return outcome_; }

private:
  /// False when they were refused.
  bool ask(const found_message* first, size_t count) {
    json::array messages;
    std::string octets;
    for (size_t i = 0; i < count; ++i) {
      json::array flags;
      for (const auto& each : first[i].flags) flags.emplace_back(each);
      messages.push_back(json::object{{"size", first[i].octets.size()},
                                      {"flags", std::move(flags)},
                                      {"date_seconds", first[i].date_seconds}});
      octets += first[i].octets;
    }
    const auto answer = server_.ask(
        {{"verb", "import"}, {"name", address_}, {"folder", folder_}, {"messages", std::move(messages)}},
        octets);
    if (answer.at("done").as_bool()) {
      outcome_.imported += answer.at("imported").to_number<size_t>();
      outcome_.known += answer.at("known").to_number<size_t>();
      return true;
    }
    if (count > 1) return false;
    ++outcome_.refused;
    if (outcome_.first_reason.empty()) outcome_.first_reason = std::string(answer.at("sentence").as_string());
    return false;
  }

  client& server_;
  std::string address_, folder_;
  std::vector<found_message> waiting_;
  size_t octets_ = 0;
  import_outcome outcome_;
};

} // namespace

import_outcome import_mail(client& server, const std::string& address, const std::string& path,
                           const std::string& folder) {
  sender to(server, address, folder);
  const bool show = ::isatty(STDERR_FILENO);
  const auto tell = [&](double share) {
    const auto& now = to.outcome();
    if (show)
      fmt::print(stderr, "\r{:3.0f} %  {} imported, {} there already, {} refused ", share * 100, now.imported,
                 now.known, now.refused);
  };
  read_mail(path, [&](found_message message, double share) {
    to.add(std::move(message));
    tell(share);
  });
  to.send();
  tell(1);
  if (show) fmt::print(stderr, "\n");
  return to.outcome();
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
