#pragma once

#include "protocols/dns/answer.hpp"
#include "protocols/smtp_client/status.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::route {

/// What the connection to a host must give before mail goes over it.
enum class tls_level : uint8_t {
  none,          ///< TLS is not used
  opportunistic, ///< TLS if it is offered; nothing is proven
  encrypt,       ///< TLS or nothing; nothing is proven (RFC 7672 2.2: TLSA records that cannot be used)
  dane,          ///< TLS, and one of the TLSA records matches (RFC 7672)
  mta_sts,       ///< TLS, and a certificate that the usual authorities issued for the host (RFC 8461)
};

std::string_view to_string(tls_level level);

struct tls_demand {
  tls_level level = tls_level::opportunistic;
  std::vector<dns::tlsa_record> tlsa = {}; ///< with `dane`: those that can be used
  std::vector<std::string> names = {}; ///< the certificate may be for any of them; the first goes into SNI
  std::string reason = {};             ///< for the trace
  bool is_tested = false;              ///< a policy of MTA-STS that is being tested would demand `mta_sts`
  bool is_unlisted = false;            ///< and does not name this host
};

/// A host to be tried, with its addresses in the order they are tried in.
struct mail_host {
  std::string name;        ///< as the MX record has it; a literal with its brackets
  uint16_t preference = 0; ///< 0 without MX records
  std::vector<dns::ip_address> addresses;
  tls_demand tls;
  /// That the domain's mail goes to this name is proven: by DNSSEC, by a policy of MTA-STS that is enforced,
  /// or since it is the domain itself. Mail that requires TLS goes nowhere else (RFC 8689 4.2.1).
  bool name_is_proven = false;
};

enum class plan_verdict : uint8_t {
  deliver,   ///< try `hosts`
  temporary, ///< there is no saying now; ask again later
  permanent, ///< there will never be a host for it: bounce
};

/// Where the mail for a domain goes, and why.
struct plan {
  plan_verdict verdict = plan_verdict::temporary;
  smtp_client::status_code status; ///< of a failure
  std::string problem;             ///< of a failure, a sentence for the sender
  std::vector<mail_host> hosts;    ///< the best first
  /// Hosts that were found, but that a policy of the domain's shuts out, the best first: for mail to which
  /// its policies do not matter (TLS-Required: No, RFC 8689 4.2.2). Also of a failure.
  std::vector<mail_host> put_aside;
  std::vector<std::string> reasons; ///< what was found and decided, a line each, for the trace

  bool can_deliver() const { return verdict == plan_verdict::deliver; }
};

/// The plan for people, a line each: what was found, then the hosts in their order or why there is none.
std::vector<std::string> explain(const plan& what);

} // namespace stagepost::route
