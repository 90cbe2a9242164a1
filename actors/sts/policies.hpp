#pragma once

#include "actors/atoms.hpp"
#include "actors/committer/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/sts/interface.hpp"
#include "actors/tls_results/interface.hpp"
#include "actors/web/interface.hpp"
#include "storage/sts_policies.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::sts {

struct services {
  std::shared_ptr<storage::store> system;
  committer::committer_actor committer; ///< of the system store
  offload::pool_actor readers;
  resolver::resolver_actor resolver;
  web::fetcher_actor fetcher;
  tls_results::counter_actor results; ///< may be none
};

/// Why an answer of a web server is no policy; a result of RFC 8460 4.3 with words for people.
struct fetch_problem {
  storage::tls_result result = storage::tls_result::sts_policy_fetch_error;
  std::string words;
};
/// Reads what was fetched. RFC 8461 3.3: status 200, text/plain, no redirects.
std::optional<route::sts_policy> read_policy(const web::fetched& what, fetch_problem& problem);

using policies_self = policies_actor::extend<caf::reacts_to<atom::tick>>;

/// A policy that was fetched is kept on disk, so that it binds for its max_age whatever becomes of the
/// record, of the web server, or of this process (RFC 8461 5.1). In memory is only what is being found out,
/// and which web servers failed lately.
struct policies_state {
  static constexpr const char* name = "sts.policies";
  using steady = std::chrono::steady_clock;

  policies_self::pointer self = nullptr;
  services with;
  /// Who wants to know of a domain, while that is found out.
  std::map<std::string, std::vector<open_answer<policy_found>>> asked;
  std::map<std::string, steady::time_point> failed; ///< do not fetch again before
  size_t kept = 0;                                  ///< on disk, about
  steady::time_point sweep_at;

  using kept_policy = std::optional<route::kept_sts_policy>;

  caf::result<policy_found> find(const find_policy& what);
  void read_kept(const std::string& domain);
  void kept_read(const std::string& domain, const storage::result<storage::sts_policy_record>& found);
  void look_up(const std::string& domain, const kept_policy& known);
  void decide(const std::string& domain, const kept_policy& known, const dns::answer& record);
  bool may_fetch(const std::string& domain) const;
  /// `then` gets the new policy, or none.
  void fetch(const std::string& domain, const std::string& id, bool is_new,
             std::function<void(const kept_policy&, const std::string& problem)> then);
  /// Whether one more may be kept; it counts.
  bool make_room(const std::string& domain);
  /// `then` when it is on disk, or could not be written: who asks meanwhile waits, and it is fetched once.
  void keep(const std::string& domain, const route::kept_sts_policy& what, const bytes& text,
            std::function<void()> then);
  void note_failure(const std::string& domain, const fetch_problem& problem);
  void answer(const std::string& domain, const policy_found& what);
  void tick();
  void sweep(const std::string& from, size_t kept_before);
};

policies_self::behavior_type policies(policies_self::stateful_pointer<policies_state> self, services with);

} // namespace stagepost::sts

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::sts::services)
