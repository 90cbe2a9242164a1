#pragma once

#include "actors/outbound/route.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/outcome.hpp"

#include <string>
#include <vector>

namespace stagepost::outbound {

/// What mail for which its sender wished so may take of a route.
struct wished_hops {
  std::vector<next_hop> hops;
  std::string left_out; ///< which were not, and why; for people
};

/// Mail that requires TLS (RFC 8689 4.2.1) takes hops whose name is proven, and each must prove by DANE or by
/// the usual authorities that it has it. Mail for which TLS is optional (4.2.2) takes all there are, whatever
/// the domain's policies demand; what the administrator demands of a route or a gateway stays.
wished_hops hops_for(smtp::tls_wish wish, const route& way);

/// How mail ends for which a route has no hops.
smtp_client::outcome no_hops_for(smtp::tls_wish wish, const route& way);

/// Of two reasons why nobody was let in, whether the later is to be told. What a host said is worth more than
/// what we lacked. Mail that requires TLS comes to its end only when none can have it: as long as one may do
/// another time, it waits for that.
bool says_more(smtp::tls_wish wish, const smtp_client::outcome& later, const smtp_client::outcome& before);

} // namespace stagepost::outbound
