#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"

#include <boost/json.hpp>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

control_task status(caf::event_based_actor* self, const control_services& with, control_request&) {
  const auto& counters = *with.with->counters;
  json::object result = accepted();
  result["node"] = with.node_name;
  result["uptime_seconds"] =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - with.started_at)
          .count();
  json::array listeners;
  for (const auto& each : with.listeners) listeners.emplace_back(each);
  result["listeners"] = listeners;
  result["connections"] = {{"smtp", counters.value(metrics::gauge::smtp_open)},
                           {"lmtp", counters.value(metrics::gauge::lmtp_open)},
                           {"imap", counters.value(metrics::gauge::imap_open)},
                           {"pop3", counters.value(metrics::gauge::pop3_open)}};
  result["messages_accepted"] = counters.value(metrics::counter::messages_accepted);
  result["messages_delivered"] = counters.value(metrics::counter::messages_delivered);
  json::array shards;
  for (const auto& shard : with.with->shards)
    shards.push_back({{"folder", shard.with.store->folder()}, {"writing", !shard.with.store->failed()}});
  result["shards"] = shards;
  uint64_t waiting = 0;
  for (const auto& each : with.queues) {
    auto answer = co_await net::ask<spool::queue_status>(self, each, atom::status::value);
    if (answer) waiting += answer->waiting;
  }
  result["waiting_for_local_delivery"] = waiting;
  co_return result;
}

control_task reload(caf::event_based_actor*, const control_services& with, control_request&) {
  with.reload();
  co_return accepted();
}

control_task verify(caf::event_based_actor* self, const control_services& with, control_request&) {
  upkeep::prove_stores order;
  auto proven = co_await net::ask<upkeep::stores_proven>(self, with.upkeep, order);
  if (!proven) co_return refusal("The server is stopping.");
  if (!proven->done) co_return refusal(proven->sentence);
  json::array shards;
  bool sound = proven->system.report.sound();
  for (const auto& each : proven->stores) {
    sound = sound && each.report.sound();
    shards.push_back(to_json(each.folder, each.report));
  }
  json::object result = accepted();
  result["sound"] = sound;
  result["shards"] = shards;
  result["system"] = to_json(proven->system.folder, proven->system.report);
  co_return result;
}

control_task backup(caf::event_based_actor* self, const control_services& with, control_request& request) {
  upkeep::make_backup order{text_of(request.fields, "folder")};
  auto made = co_await net::ask<upkeep::backup_made>(self, with.upkeep, order);
  if (!made) co_return refusal("The server is stopping.");
  co_return made->done ? accepted() : refusal(made->sentence);
}

} // namespace

std::vector<control_verb> node_verbs() {
  return {{"status", status}, {"reload", reload}, {"verify", verify}, {"backup", backup}};
}

} // namespace stagepost::connection
