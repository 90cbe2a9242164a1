#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/space.hpp"
#include "actors/domain/stores.hpp"
#include "actors/open_answer.hpp"

#include <chrono>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stagepost::domain {

using domain_self = domain_actor::extend<caf::reacts_to<atom::tick>>;

struct domain_state {
  static constexpr const char* name = "domain";
  domain_self::pointer self = nullptr;
  stores from;
  storage::domain_record record;
  conf::domain_settings settings;
  own_footer footer; ///< as they say

  /// Answers given lately, newest first, until the domain changes.
  std::list<std::pair<std::string, address_found>> recent;
  std::unordered_map<std::string, std::list<std::pair<std::string, address_found>>::iterator> recent_by_name;
  std::string plus_separator; ///< what they were looked up with: of the server's settings they depend on this
                              ///< one only

  /// DOM-54: summed up in the background now and then, since it spans all users and shards.
  uint64_t used_bytes = 0;
  std::chrono::steady_clock::time_point next_sum_at{};
  bool summing = false;
  bool knows_sum = false;
  space_alarm alarm;
  space_watcher_actor watcher;
  /// What mail of the domain is signed with; nothing until somebody asks, and when the domain was changed.
  std::shared_ptr<const std::vector<mailauth::dkim::signing_settings>> signers;
  uint64_t life = 0; ///< counts the changes of the domain: what was read before one is not kept

  /// Answers that wait for the first sum under this limit, and until when any may do so; zero: nobody has
  /// asked yet.
  std::vector<std::pair<address_found, open_answer<address_found>>> waiting;
  std::chrono::steady_clock::time_point patience_ends_at{};

  caf::result<address_found> find(const std::string& local_part);
  /// With the domain as it is now; the space is looked at by `judge`.
  address_found look_up_or_recall(const std::string& local_part);
  void remember(const std::string& local_part, const address_found& answer);
  address_found judge(address_found found) const;
  void change(storage::domain_record changed);
  void take_settings();
  void forget_answers();

  caf::result<signers_found> find_signers();

  void sum_up_if_stale();
  void summed_up(const space_sum& sum);
  void tell(space_alarm::news news, const std::vector<domain_reader>& readers);
  void answer_waiting();
};

/// `watcher` may be none yet.
domain_self::behavior_type domain(domain_self::stateful_pointer<domain_state> self, stores from,
                                  storage::domain_record record, space_watcher_actor watcher);

} // namespace stagepost::domain
