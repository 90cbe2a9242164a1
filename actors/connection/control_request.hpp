#pragma once

#include "actors/connection/context.hpp"
#include "actors/connection/control_json.hpp"
#include "actors/net/executor.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/spool/interface.hpp"
#include "actors/tls_results/interface.hpp"
#include "actors/upkeep/interface.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::connection {

/// What the administrator's door leads to.
struct control_services {
  context_ptr with;
  upkeep::upkeep_actor upkeep;
  resolver::resolver_actor resolver;
  std::vector<spool::queue_actor> queues; ///< by shard
  std::chrono::steady_clock::time_point started_at;
  std::function<void()> reload; ///< settings and certificates, as SIGHUP does
  std::string node_name;
  std::vector<std::string> listeners; ///< as status shows them
  outbound::guide_actor guide;        ///< tells where mail would go
  domain::gateway_desk_actor gateway_desk = {};
  tls_results::counter_actor tls_results = {};
};
using control_services_ptr = std::shared_ptr<const control_services>;

/// A request with the octets that came behind it.
struct control_request {
  std::string verb;
  boost::json::object fields;
  std::string octets;
};

/// Answers a request for the actor that took it. Request and services stay where they are until the answer is
/// there.
using control_task = net::task<boost::json::object>;
using control_answer = control_task (*)(caf::event_based_actor* self, const control_services& with,
                                        control_request& request);

/// A verb and who answers it.
struct control_verb {
  std::string_view verb;
  control_answer answer;
};

/// Runs what may block among the readers; false when they have no room or it failed.
net::task<bool> run_aside(caf::event_based_actor* self, const control_services& with,
                          std::function<void()> what);

/// The user of an address, as the directory has him, or why there is none.
struct user_found {
  std::optional<std::string> refused;
  domain::account_target target; ///< in a shard that is there
};
net::task<user_found> find_user(caf::event_based_actor* self, const control_services& with,
                                std::string address);

/// Gives the directory an order and answers with what it says of it.
template <class Order>
control_task tell_directory(caf::event_based_actor* self, const control_services& with, Order order) {
  auto answer = co_await net::ask<domain::admin_answer>(self, with.with->directory, std::move(order));
  if (!answer) co_return refusal("The directory does not answer.");
  co_return answer->done ? accepted() : refusal(answer->sentence);
}

/// A domain as the directory spells it; what is no domain stays as it is and is not found.
std::string directory_name(const std::string& typed);

// The verbs, by what they are about.
std::vector<control_verb>
change_verbs(); ///< what changes domains, users, aliases and settings: control_changes.cpp
std::vector<control_verb> list_verbs();           ///< what shows them: control_lists.cpp
std::vector<control_verb> folder_verbs();         ///< public and shared folders: control_folders.cpp
std::vector<control_verb> queue_verbs();          ///< the spool and the traces: control_queue.cpp
std::vector<control_verb> import_verbs();         ///< mail from elsewhere: control_import.cpp
std::vector<control_verb> undelete_verbs();       ///< expunged messages: control_undelete.cpp
std::vector<control_verb> history_verbs();        ///< folders as they were: control_history.cpp
std::vector<control_verb> index_verbs();          ///< the index behind SEARCH: control_index.cpp
std::vector<control_verb> dns_verbs();            ///< what the resolver knows: control_dns.cpp
std::vector<control_verb> node_verbs();           ///< status, reload, verify, backup: control_node.cpp
std::vector<control_verb> signing_verbs();        ///< keys of domains: control_signing.cpp
std::vector<control_verb> gateway_verbs();        ///< where mail leaves and comes in: control_gateways.cpp
std::vector<control_verb> gateway_access_verbs(); ///< under what others ask: control_gateway_access.cpp
std::vector<control_verb> statistics_verbs();     ///< what was counted: control_statistics.cpp

} // namespace stagepost::connection
