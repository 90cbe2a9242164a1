#include "protocols/route/survey.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"
#include "protocols/route/literal.hpp"
#include "protocols/route/order.hpp"

#include <algorithm>

namespace stagepost::route {

namespace {

using dns::outcome;
using dns::record_type;

// RFC 3463, RFC 7505 4.
constexpr smtp_client::status_code bad_domain{5, 1, 2}, bad_syntax{5, 1, 3}, null_mx{5, 1, 10},
    no_route{5, 4, 4}, circle{5, 4, 6}, lookup_failed{4, 4, 3}, not_proven{4, 7, 5};

plan fail(plan out, smtp_client::status_code status, std::string problem) {
  out.verdict = status.grade == 5 ? plan_verdict::permanent : plan_verdict::temporary;
  out.status = status;
  out.problem = std::move(problem);
  out.hosts.clear();
  return out;
}

template <class List, class Value>
bool has(const List& list, const Value& what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

std::string shown(const std::string& domain) { return printable(domain, 255); }

} // namespace

plan survey::make() {
  if (to_.domain.starts_with('[')) return to_literal();
  const auto name = mailauth::to_query_name(to_.domain);
  if (!name) return fail({}, bad_domain, '"' + shown(to_.domain) + "\" is no name a mail domain can have.");
  return to_hosts(*name);
}

// RFC 5321 4.1.3, 5.1: no look-up at all.
plan survey::to_literal() {
  const auto address = parse_address_literal(to_.domain);
  if (!address) return fail({}, bad_syntax, shown(to_.domain) + " is no address of a host.");
  plan out;
  out.reasons.push_back("the address names the host itself");
  if (has(to_.own_addresses, *address))
    return fail(out, circle, "Mail for " + to_.domain + " comes back to us.");
  if (address->is_v6 ? !to_.use_ipv6 : !to_.use_ipv4)
    return fail(out, no_route, "This server does not use IPv" + std::string(address->is_v6 ? "6." : "4."));
  mail_host host{to_.domain, 0, {*address}, {}};
  host.tls.level = to_.use_tls ? tls_level::opportunistic : tls_level::none;
  host.name_is_proven = true; // nobody was asked for it
  out.hosts.push_back(std::move(host));
  out.verdict = plan_verdict::deliver;
  return out;
}

plan survey::to_hosts(const std::string& domain) {
  plan out;
  auto hosts = list_hosts(domain, out);
  if (!missing_.empty() || out.status) return out;
  drop_from_ourselves_on(hosts, out);
  if (!missing_.empty()) return out;
  if (hosts.empty())
    return fail(out, circle, "Mail for " + domain + " comes back to us: this server is its best mail host.");
  size_t room = to_.limits.addresses;
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (room == 0 && missing_.empty()) {
      out.reasons.push_back("more hosts are not looked at: there are addresses enough");
      break;
    }
    auto host = visit(hosts[i], i, out);
    if (!host) continue;
    if (host->addresses.size() > room) host->addresses.resize(room);
    room -= host->addresses.size();
    out.hosts.push_back(std::move(*host));
  }
  if (!out.hosts.empty()) {
    out.verdict = plan_verdict::deliver;
    return out;
  }
  if (refused_now_)
    return fail(out, not_proven, "No mail host of " + domain + " can be proven to be the right one.");
  if (failed_now_)
    return fail(out, lookup_failed, "The mail hosts of " + domain + " cannot be looked up now.");
  return fail(out, no_route, "No mail host of " + domain + " has an address.");
}

std::vector<survey::candidate> survey::list_hosts(const std::string& domain, plan& out) {
  const auto* said = ask(record_type::mx, domain);
  if (said == nullptr) return {};
  switch (said->outcome) {
  case outcome::failed:
    out.reasons.push_back("MX of " + domain + ": " + said->problem);
    out = fail(out, said->validation == dns::validation::bogus ? not_proven : lookup_failed,
               "The mail hosts of " + domain + " cannot be looked up: " + said->problem + '.');
    return {};
  case outcome::no_such_name: out = fail(out, bad_domain, "There is no domain " + domain + '.'); return {};
  case outcome::no_data:
    // RFC 5321 5.1: the domain is its own mail host.
    out.reasons.push_back("no MX: the domain itself is the mail host");
    return {{domain, 0, said->secure()}};
  case outcome::found: break;
  }
  return read_mx(*said, out);
}

std::vector<survey::candidate> survey::read_mx(const dns::answer& said, plan& out) {
  const auto domain = *mailauth::to_query_name(to_.domain);
  std::vector<candidate> hosts;
  for (const auto& each : said.exchanges)
    if (each.host.empty())
      continue; // "." among others means nothing (RFC 7505 3)
    else if (mailauth::is_host_name(each.host))
      hosts.push_back({each.host, each.preference, said.secure()});
    else
      leave_out({each.host, each.preference, false}, "this is no name of a host", out);
  if (hosts.empty()) {
    out = said.exchanges.size() == 1 && said.exchanges.front().host.empty()
              ? fail(out, null_mx, "The domain " + domain + " does not take mail (null MX).")
              : fail(out, no_route, "No mail host of " + domain + " has a name that can be looked up.");
    return {};
  }
  shuffle(hosts, to_.seed);
  std::stable_sort(hosts.begin(), hosts.end(),
                   [](const candidate& a, const candidate& b) { return a.preference < b.preference; });
  out.reasons.push_back(std::to_string(hosts.size()) + " MX of " + domain + ", " +
                        std::string(dns::to_string(said.validation)));
  if (hosts.size() > to_.limits.hosts) {
    out.reasons.push_back("only the best " + std::to_string(to_.limits.hosts) + " are looked at");
    hosts.resize(to_.limits.hosts);
  }
  return hosts;
}

/// RFC 5321 5.1: who is on the list himself sends to better hosts than himself only, or mail goes in a
/// circle.
void survey::drop_from_ourselves_on(std::vector<candidate>& hosts, plan& out) {
  std::optional<candidate> ourselves;
  for (const auto& each : hosts)
    if (is_ourselves(each) && (!ourselves || each.preference < ourselves->preference)) ourselves = each;
  if (!missing_.empty() || !ourselves) return;
  out.reasons.push_back("we are " + ourselves->name + " ourselves: no host of preference " +
                        std::to_string(ourselves->preference) + " or worse is tried");
  std::erase_if(hosts, [&](const candidate& each) { return each.preference >= ourselves->preference; });
}

bool survey::is_ourselves(const candidate& host) {
  for (const auto& each : to_.own_names)
    if (ascii_iequals(each, host.name)) return true;
  bool found = false;
  for (const auto type : {record_type::a, record_type::aaaa})
    if (const auto* said = ask(type, host.name))
      for (const auto& each : said->addresses) found = found || has(to_.own_addresses, each);
  return found;
}

std::optional<mail_host> survey::visit(const candidate& host, size_t index, plan& out) {
  mail_host made{host.name, host.preference, addresses_of(host, index, out), {}};
  if (made.addresses.empty()) return std::nullopt;
  if (!demand_tls(host, made, out)) {
    put_aside(std::move(made), out);
    return std::nullopt;
  }
  made.name_is_proven = is_proven(host, made);
  return made;
}

/// Within the same limits as what is used.
void survey::put_aside(mail_host host, plan& out) {
  size_t room = to_.limits.addresses;
  for (const auto& each : out.put_aside) room -= std::min(room, each.addresses.size());
  if (room == 0) return;
  if (host.addresses.size() > room) host.addresses.resize(room);
  host.tls = {};
  host.tls.names = {host.name};
  out.put_aside.push_back(std::move(host));
}

/// RFC 8689 4.2.1. Whoever takes the MX records away leads to the domain itself, whose certificate he has
/// not.
bool survey::is_proven(const candidate& host, const mail_host& made) const {
  if (host.list_is_secure || made.tls.level == tls_level::mta_sts) return true;
  const auto domain = mailauth::to_query_name(to_.domain);
  return domain && host.name == *domain;
}

std::vector<dns::ip_address> survey::addresses_of(const candidate& host, size_t index, plan& out) {
  std::vector<dns::ip_address> v6, v4;
  std::string problem;
  for (const auto type : {record_type::aaaa, record_type::a}) {
    const auto* said = ask(type, host.name);
    if (said == nullptr) continue;
    if (said->outcome == outcome::failed) problem = said->problem;
    const bool wanted = type == record_type::aaaa ? to_.use_ipv6 : to_.use_ipv4;
    if (wanted) (type == record_type::aaaa ? v6 : v4) = said->addresses;
  }
  if (!missing_.empty()) return {};
  shuffle(v6, to_.seed + 2 * index + 1);
  shuffle(v4, to_.seed + 2 * index + 2);
  auto all = interleave(v6, v4);
  if (all.size() > to_.limits.addresses_per_host) all.resize(to_.limits.addresses_per_host);
  if (all.empty()) {
    failed_now_ = failed_now_ || !problem.empty();
    leave_out(host, problem.empty() ? "it has no address we can use" : problem, out);
  }
  return all;
}

void survey::leave_out(const candidate& host, const std::string& why, plan& out) {
  out.reasons.push_back(std::to_string(host.preference) + ' ' + shown(host.name) + " is left out: " + why);
}

const dns::answer* survey::ask(record_type type, const std::string& name) {
  dns::question asked{type, name};
  if (const auto found = answers_.find(asked); found != answers_.end()) return &found->second;
  if (!has(missing_, asked)) missing_.push_back(std::move(asked));
  return nullptr;
}

} // namespace stagepost::route
