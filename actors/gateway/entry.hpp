#pragma once

#include "actors/gateway/answer_book.hpp"
#include "actors/gateway/interface.hpp"
#include "actors/gateway/mx_check.hpp"
#include "actors/gateway/primary_probe.hpp"
#include "actors/incoming_gateways.hpp"
#include "actors/open_answer.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/web/interface.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::gateway {

/// Whom the entry asks. Without a fetcher nobody can be asked by web service.
struct entry_services {
  live_gateways_ptr gateways;
  resolver::resolver_actor resolver;
  web::fetcher_actor fetcher;
  probe_setup_ptr probes;
  route::destination ours; ///< where mail comes in here
};

/// The entry with what probes tell it.
using working_entry_actor = entry_actor::extend<caf::reacts_to<probed>>;

/// What somebody who was asked knows: unclear is an answer that is neither, unavailable none at all, busy
/// that too many ask already.
enum class knowledge : uint8_t { yes, no, unclear, unavailable, busy };

/// What the reply to RCPT says of the user. A refusal for reasons of policy is about us and not about him.
knowledge knowledge_of(const probed& found);

struct entry_state {
  static constexpr const char* name = "gateway.entry";
  using steady = std::chrono::steady_clock::time_point;
  using heard = std::function<void(knowledge)>;
  using found_gateway = std::function<void(belonging, incoming_gateway_ptr)>;

  working_entry_actor::pointer self = nullptr;
  entry_services with;
  incoming_view gateways;
  std::shared_ptr<const incoming_gateways> table; ///< the answers are about these
  uint64_t generation = 0;                        ///< of the table
  answer_book domains;
  answer_book users;

  /// Whoever is asked about many: a primary's SMTP or its web service.
  struct source {
    size_t under_way = 0;
    steady silent_until; ///< it did not answer; until then nobody tries again
  };
  std::map<std::string, source> sources;
  std::map<std::string, std::vector<heard>> waiting; ///< by question; asked once for all of them
  std::map<uint64_t, std::function<void(const probed&)>> probes;
  uint64_t next_probe = 0;

  entry_state();

  caf::result<entry_answer> judge(const may_come_in& what);
  caf::result<gateway_found> find(const find_gateway& what);
  void heard_of(const probed& found);

  /// Forgets what was known when the gateways have changed.
  void look_at_gateways();
  void find_for(const std::string& domain, found_gateway then);
  struct search;
  void search_on(std::shared_ptr<search> on);
  void learn_domain(incoming_gateway_ptr gateway, const std::string& domain, heard then);
  void learn_user(incoming_gateway_ptr gateway, const std::string& domain, const std::string& address,
                  heard then);
  /// Answers from the book, or has `ask` ask, once for all who want to know the same.
  void learn(answer_book& book, const std::string& question, const std::string& whom,
             const std::function<void(heard)>& ask, heard then);
  void settle(answer_book& book, const std::string& question, const std::string& whom, uint64_t asked_in,
              knowledge what);

  void ask_web(const incoming_gateway& gateway, std::string url, heard then);
  void ask_dns(incoming_gateway_ptr gateway, const std::string& domain, heard then);
  void ask_primary(const incoming_gateway& gateway, const std::string& address, heard then);
};

working_entry_actor::behavior_type entry(working_entry_actor::stateful_pointer<entry_state> self,
                                         entry_services with);

} // namespace stagepost::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::entry_services)
