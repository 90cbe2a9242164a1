#include "protocols/mailauth/domain_name.hpp"
#include "protocols/route/dane.hpp"
#include "protocols/route/survey.hpp"

// What the TLS of a host must prove: DANE first, then the domain's policy of MTA-STS, then what is offered.
namespace stagepost::route {

namespace {

using dns::outcome;
using dns::record_type;

} // namespace

bool survey::demand_tls(const candidate& host, mail_host& into, plan& out) {
  into.tls.names = {host.name};
  if (!to_.use_tls) {
    into.tls.level = tls_level::none;
    into.tls.reason = "TLS is switched off for this domain";
    return true;
  }
  if (to_.use_dane && !demand_dane(host, into, out)) return false;
  // RFC 8461 2: a policy never overrides what DANE says.
  return into.tls.level == tls_level::opportunistic ? demand_sts(into, out) : true;
}

bool survey::demand_dane(const candidate& host, mail_host& into, plan& out) {
  for (const auto& base : tlsa_bases(host)) {
    const auto name = tlsa_name(base, to_.port);
    const auto* said = ask(record_type::tlsa, name);
    if (said == nullptr) return true;
    if (said->outcome == outcome::failed) {
      // RFC 7672 2.1: where a look-up fails an attacker may be at work, so the host is not used now.
      failed_now_ = true;
      leave_out(host, "TLSA of " + name + ": " + said->problem, out);
      return false;
    }
    if (!said->found() || !said->secure()) continue;
    auto verdict = judge_tlsa(said->tlsa);
    if (!verdict.must_encrypt) continue;
    into.tls.level = verdict.usable.empty() ? tls_level::encrypt : tls_level::dane;
    into.tls.tlsa = std::move(verdict.usable);
    // RFC 7672 3.2.2: with DANE-TA the certificate is for the base, or the domain where MX proves the way.
    into.tls.names = {base};
    if (base != host.name) into.tls.names.push_back(host.name);
    if (const auto domain = mailauth::to_query_name(to_.domain); *domain != host.name && *domain != base)
      into.tls.names.push_back(*domain);
    into.tls.reason = into.tls.level == tls_level::dane
                          ? std::to_string(into.tls.tlsa.size()) +
                                (into.tls.tlsa.size() == 1 ? " TLSA record of " : " TLSA records of ") + name
                          : "none of the TLSA records of " + name + " can be used";
    return true;
  }
  return true;
}

// RFC 7672 2.2.1 to 2.2.3: all that leads to the name must be proven. An alias leads to another name, where
// the records are looked for first.
std::vector<std::string> survey::tlsa_bases(const candidate& host) {
  if (!host.list_is_secure) return {};
  std::string canonical = host.name;
  bool proven = true, alias_unproven = false;
  for (const auto type : {record_type::aaaa, record_type::a}) {
    const auto* said = ask(type, host.name);
    if (said == nullptr) return {};
    if (said->secure() && said->found()) canonical = said->canonical_name;
    if (said->secure() || said->outcome == outcome::failed) continue;
    proven = false;
    alias_unproven = alias_unproven || said->canonical_name != host.name;
  }
  if (proven) {
    if (canonical.empty() || canonical == host.name) return {host.name};
    return {canonical, host.name};
  }
  if (!alias_unproven) return {};
  // The addresses are not proven, but the alias itself may be: then its owner can still pin the host.
  const auto* alias = ask(record_type::cname, host.name);
  if (alias == nullptr || !alias->found() || !alias->secure()) return {};
  return {host.name};
}

bool survey::demand_sts(mail_host& into, plan& out) {
  if (!to_.policy || to_.policy->mode == sts_mode::none) return true;
  const bool allowed = allows_host(*to_.policy, into.name);
  if (to_.policy->mode == sts_mode::testing) {
    into.tls.is_tested = true;
    into.tls.is_unlisted = !allowed;
    into.tls.reason = allowed ? "the policy of MTA-STS is being tested"
                              : "the policy of MTA-STS, which is being tested, does not name this host";
    return true;
  }
  if (allowed) {
    into.tls.level = tls_level::mta_sts;
    into.tls.reason = "the domain's policy of MTA-STS";
    return true;
  }
  refused_now_ = true;
  leave_out({into.name, into.preference, false}, "the domain's policy of MTA-STS does not name it", out);
  return false;
}

} // namespace stagepost::route
