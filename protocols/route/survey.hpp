#pragma once

#include "protocols/route/destination.hpp"
#include "protocols/route/plan.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::route {

/// One run of planning over the answers that are there. When something is missing its plan means nothing.
class survey {
public:
  survey(const destination& to, const std::map<dns::question, dns::answer>& answers)
      : to_(to), answers_(answers) {}

  plan make();
  const std::vector<dns::question>& missing() const { return missing_; }

private:
  /// A host on the list of the domain, on its way into the plan.
  struct candidate {
    std::string name;
    uint16_t preference = 0;
    bool list_is_secure = false; ///< that it is on the list is proven
  };

  plan to_literal();
  plan to_hosts(const std::string& domain);
  /// The hosts of the MX records, the best first; nothing when `out` is a failure instead.
  std::vector<candidate> list_hosts(const std::string& domain, plan& out);
  std::vector<candidate> read_mx(const dns::answer& said, plan& out);
  void drop_from_ourselves_on(std::vector<candidate>& hosts, plan& out);
  bool is_ourselves(const candidate& host);

  std::optional<mail_host> visit(const candidate& host, size_t index, plan& out);
  std::vector<dns::ip_address> addresses_of(const candidate& host, size_t index, plan& out);
  void put_aside(mail_host host, plan& out);
  bool is_proven(const candidate& host, const mail_host& made) const;
  /// False: the host must not be used now.
  bool demand_tls(const candidate& host, mail_host& into, plan& out);
  bool demand_dane(const candidate& host, mail_host& into, plan& out);
  bool demand_sts(mail_host& into, plan& out);
  /// Where TLSA records of a host may be (RFC 7672 2.2.2), the best first.
  std::vector<std::string> tlsa_bases(const candidate& host);

  void leave_out(const candidate& host, const std::string& why, plan& out);
  const dns::answer* ask(dns::record_type type, const std::string& name);

  const destination& to_;
  const std::map<dns::question, dns::answer>& answers_;
  std::vector<dns::question> missing_;
  bool failed_now_ = false;  ///< a host was left out that may be there another time
  bool refused_now_ = false; ///< a host was left out since nothing proves that it is the right one
};

} // namespace stagepost::route
