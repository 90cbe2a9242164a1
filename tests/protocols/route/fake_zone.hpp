#pragma once

#include "protocols/dns/rdata.hpp"
#include "protocols/route/planner.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace stagepost::route::testing {

using dns::record_type;
using dns::validation;

/// What a DNS of a few lines says. Names that are not there do not exist; those with other records have no
/// data.
class fake_dns {
public:
  explicit fake_dns(validation usual = validation::insecure) : usual_(usual) {}

  fake_dns& mx(const std::string& name, uint16_t preference, const std::string& host) {
    at(record_type::mx, name).exchanges.push_back({preference, host});
    return *this;
  }
  fake_dns& address(const std::string& name, const std::string& address) {
    const auto v4 = mailauth::parse_ipv4(address);
    at(v4 ? record_type::a : record_type::aaaa, name)
        .addresses.push_back(v4 ? *v4 : *mailauth::parse_ipv6(address));
    return *this;
  }
  fake_dns& tlsa(const std::string& host, uint8_t usage, uint8_t selector, uint8_t matching, bytes data) {
    at(record_type::tlsa, "_25._tcp." + host).tlsa.push_back({usage, selector, matching, std::move(data)});
    return *this;
  }
  fake_dns& failed(record_type type, const std::string& name, validation how = validation::insecure) {
    auto& said = at(type, name);
    said = {};
    said.validation = how;
    said.problem = "no answer came in time";
    return *this;
  }
  /// The answers to all questions for this name are as secure as that, and say it is another name's.
  fake_dns& is(const std::string& name, validation how, const std::string& canonical = {}) {
    states_[name] = {how, canonical};
    return *this;
  }
  fake_dns& alias(const std::string& name, const std::string& target) {
    at(record_type::cname, name).names.push_back(target);
    return *this;
  }

  dns::answer look_up(const dns::question& asked) const {
    dns::answer said;
    said.outcome = exists(asked.name) ? dns::outcome::no_data : dns::outcome::no_such_name;
    said.validation = usual_;
    if (const auto found = answers_.find(asked); found != answers_.end()) said = found->second;
    said.canonical_name = asked.name;
    if (const auto state = states_.find(asked.name);
        state != states_.end() && asked.type != record_type::cname) {
      said.validation = state->second.how;
      if (!state->second.canonical.empty()) said.canonical_name = state->second.canonical;
    }
    return said;
  }

private:
  struct state {
    validation how = validation::insecure;
    std::string canonical;
  };

  dns::answer& at(record_type type, const std::string& name) {
    auto& said = answers_[{type, name}];
    said.outcome = dns::outcome::found;
    said.validation = usual_;
    return said;
  }
  bool exists(const std::string& name) const {
    for (const auto& [asked, said] : answers_)
      if (mailauth_below(asked.name, name)) return true;
    return states_.contains(name);
  }
  static bool mailauth_below(const std::string& name, const std::string& parent) {
    return name == parent || name.ends_with('.' + parent);
  }

  validation usual_;
  std::map<dns::question, dns::answer> answers_;
  std::map<std::string, state> states_;
};

/// Plans with that DNS; fails the test when it asks more than the limits allow.
inline plan make_plan(const fake_dns& zones, destination to) {
  const auto most = 1 + to.limits.hosts * 5;
  planner asking(std::move(to));
  size_t rounds = 0, asked = 0;
  for (auto questions = asking.questions(); !questions.empty(); questions = asking.questions()) {
    for (const auto& each : questions) asking.give(each, zones.look_up(each));
    asked += questions.size();
    if (++rounds > 6 || asked > most) {
      ADD_FAILURE() << "asked " << asked << " questions in " << rounds << " rounds";
      break;
    }
  }
  return asking.result();
}
inline plan make_plan(const fake_dns& zones, const std::string& domain) {
  destination to;
  to.domain = domain;
  return make_plan(zones, std::move(to));
}

inline std::vector<std::string> names_of(const plan& made) {
  std::vector<std::string> names;
  for (const auto& each : made.hosts) names.push_back(each.name);
  return names;
}
inline std::vector<std::string> addresses_of(const mail_host& host) {
  std::vector<std::string> texts;
  for (const auto& each : host.addresses) texts.push_back(mailauth::to_string(each));
  return texts;
}
inline std::string told(const plan& made) {
  std::string text;
  for (const auto& each : explain(made)) text += each + '\n';
  return text;
}

} // namespace stagepost::route::testing
