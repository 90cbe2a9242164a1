#include "protocols/route/literal.hpp"
#include "protocols/route/mta_sts.hpp"
#include "protocols/route/planner.hpp"

#include "protocols/dns/rdata.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace stagepost;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_policy(bytes_view text) {
  route::sts_id({bytes(text)});
  const auto policy = route::parse_sts_policy(text);
  if (!policy) return;
  require(policy->patterns.size() <= route::max_sts_patterns && policy->max_age <= route::max_sts_age);
  require(policy->mode == route::sts_mode::none || !policy->patterns.empty());
  for (const auto& each : policy->patterns)
    if (!each.starts_with('*')) require(route::allows_host(*policy, each));
}

/// Records for every question are taken from the octets; a plan comes of it in few rounds, within its limits.
void make_plan(bytes_view in) {
  route::destination to;
  to.domain = bytes(in.substr(0, in.find('\n')));
  in.remove_prefix(std::min(in.size(), to.domain.size() + 1));
  route::planner asking(to);
  size_t rounds = 0;
  for (auto questions = asking.questions(); !questions.empty(); questions = asking.questions()) {
    require(++rounds <= 6);
    for (const auto& each : questions) {
      dns::answer said;
      const auto kind = in.empty() ? 0 : uint8_t(in.front());
      said.outcome = dns::outcome(kind & 3);
      said.validation = kind & 4 ? dns::validation::secure : dns::validation::insecure;
      said.canonical_name = kind & 8 ? "alias.example" : each.name;
      if (!in.empty()) in.remove_prefix(1);
      for (size_t left = 3; left > 0 && !in.empty(); --left) {
        const auto size = std::min<size_t>(uint8_t(in.front()), in.size() - 1);
        dns::add_record(said, each.type, in.substr(1, size));
        in.remove_prefix(1 + size);
      }
      asking.give(each, said);
    }
  }
  const auto& made = asking.result();
  size_t addresses = 0;
  for (const auto& each : made.hosts) addresses += each.addresses.size();
  require(made.can_deliver() == !made.hosts.empty() && made.can_deliver() == !made.status);
  size_t aside = 0;
  for (const auto& each : made.put_aside) aside += each.addresses.size();
  require(aside <= to.limits.addresses && made.put_aside.size() <= to.limits.hosts);
  require(addresses <= to.limits.addresses && made.hosts.size() <= to.limits.hosts);
  require(!route::explain(made).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view in(reinterpret_cast<const char*>(data), size);
  read_policy(in);
  route::parse_address_literal(in);
  make_plan(in);
  return 0;
}
