#include "actors/outbound/wished_hops.hpp"

#include "protocols/base/text.hpp"

#include <utility>

namespace stagepost::outbound {

namespace {

/// A zone of a stranger's has no say in how long a bounce gets.
constexpr size_t longest_left_out = 500;

/// The same host, if it may be asked to prove itself; what stands against it otherwise.
std::string make_strict(next_hop& hop) {
  if (hop.tls == smtp_client::tls_policy::never) return "TLS is switched off for it";
  if (!hop.name_is_proven) return "neither DNSSEC nor MTA-STS proves that it is the right host";
  const bool is_pinned = !hop.identity.pins.empty();
  const bool is_policy = is_pinned || hop.identity.verify;
  hop.tls = smtp_client::tls_policy::required;
  if (!is_pinned) {
    // RFC 8689 4.2.1: the name of the MX record, and no other. A literal is proven by its address.
    hop.identity.name = hop.host.starts_with('[') ? hop.address : hop.host;
    hop.identity.more_names.clear();
    hop.identity.verify = true;
  }
  hop.identity.observe = hop.is_unlisted = false;
  hop.security = is_pinned ? "dane, REQUIRETLS" : "verified, REQUIRETLS";
  // Where the domain asks for no proof, a missing one is no failure of a policy (RFC 8460).
  if (!is_policy) hop.policy_domain.clear();
  return {};
}

wished_hops strict_hops(const route& way) {
  wished_hops made;
  std::string last;
  for (auto hop : way.hops) {
    const auto host = hop.host;
    const auto problem = make_strict(hop);
    if (problem.empty()) {
      made.hops.push_back(std::move(hop));
      continue;
    }
    if (host == last) continue; // another address of it
    last = host;
    made.left_out += (made.left_out.empty() ? "" : "; ") + host + ": " + problem;
  }
  made.left_out = printable(made.left_out, longest_left_out);
  return made;
}

} // namespace

wished_hops hops_for(smtp::tls_wish wish, const route& way) {
  switch (wish) {
  case smtp::tls_wish::required: return strict_hops(way);
  case smtp::tls_wish::optional:
    if (!way.without_policies.empty()) return {way.without_policies, {}};
    break;
  case smtp::tls_wish::none: break;
  }
  return {way.hops, {}};
}

smtp_client::outcome no_hops_for(smtp::tls_wish wish, const route& way) {
  using smtp_client::fate;
  using smtp_client::stage;
  if (way.failed) return *way.failed;
  if (wish != smtp::tls_wish::required || way.hops.empty())
    return smtp_client::outcome_of(smtp_client::lookup_failure::no_mail_host, {});
  // A host that is left out for what could not be looked up now may do another time.
  const bool may_do_later = way.without_policies.size() > way.hops.size();
  return smtp_client::own_decision(may_do_later ? fate::temporary : fate::permanent, stage::routing,
                                   {uint8_t(may_do_later ? 4 : 5), 7, 10},
                                   "The message requires TLS to a server that proves who it is: " +
                                       hops_for(wish, way).left_out);
}

bool says_more(smtp::tls_wish wish, const smtp_client::outcome& later, const smtp_client::outcome& before) {
  if (wish == smtp::tls_wish::required && later.fate != before.fate)
    return later.fate == smtp_client::fate::temporary;
  return before.is_ours || !later.is_ours;
}

} // namespace stagepost::outbound
