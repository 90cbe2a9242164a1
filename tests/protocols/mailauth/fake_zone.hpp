#pragma once

#include "protocols/base/text.hpp"
#include "protocols/mailauth/spf_check.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace stagepost::mailauth {

/// A DNS in memory. Names in lower case, without a final dot.
struct fake_zone {
  std::map<std::string, std::vector<std::string>> texts;
  std::map<std::string, std::vector<std::string>> addresses; ///< of both families
  std::map<std::string, std::vector<std::string>> exchanges;
  std::map<std::string, std::vector<std::string>> names;
  std::map<std::string, std::string> aliases;
  std::set<std::string> dead; ///< names whose missing records time out

  answer look_up(const question& asked) const {
    auto name = asked.name;
    for (size_t hops = 0; aliases.contains(name); ++hops) {
      if (hops > 8) return {.status = lookup_status::failed};
      name = aliases.at(name);
    }
    answer out{.status = lookup_status::found};
    bool any = false;
    const auto of = [&](const auto& records) -> std::vector<std::string> {
      const auto found = records.find(name);
      if (found == records.end()) return {};
      return found->second;
    };
    switch (asked.type) {
    case record_type::a:
    case record_type::aaaa:
      for (const auto& text : of(addresses)) {
        const auto read = text.find(':') == text.npos ? parse_ipv4(text) : parse_ipv6(text);
        if (read && read->is_v6 == (asked.type == record_type::aaaa)) out.addresses.push_back(*read);
      }
      any = !out.addresses.empty();
      break;
    case record_type::mx:
      for (const auto& host : of(exchanges)) out.exchanges.push_back({10, host});
      any = !out.exchanges.empty();
      break;
    case record_type::ptr:
      out.names = of(names);
      any = !out.names.empty();
      break;
    case record_type::txt:
      out.texts = of(texts);
      any = !out.texts.empty();
      break;
    }
    if (any) return out;
    if (dead.contains(name)) return {.status = lookup_status::failed};
    const bool known =
        texts.contains(name) || addresses.contains(name) || exchanges.contains(name) || names.contains(name);
    return {.status = known ? lookup_status::no_records : lookup_status::no_such_name};
  }
};

namespace spf {

/// Answers until there is a verdict.
inline verdict ask_all(check& checking, const fake_zone& dns) {
  for (auto asked = checking.questions(); !asked.empty(); asked = checking.questions())
    for (const auto& one : asked) checking.give(one, dns.look_up(one));
  return checking.result();
}

} // namespace spf
} // namespace stagepost::mailauth
