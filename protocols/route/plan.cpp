#include "protocols/route/plan.hpp"

#include <array>

namespace stagepost::route {

namespace {

std::string line_of(const mail_host& host) {
  std::string line = std::to_string(host.preference) + ' ' + host.name + ':';
  for (const auto& each : host.addresses) {
    if (!line.ends_with(':')) line += ',';
    line += ' ' + mailauth::to_string(each);
  }
  return line + "; TLS " + std::string(to_string(host.tls.level)) +
         (host.tls.reason.empty() ? "" : " (" + host.tls.reason + ")");
}

} // namespace

std::string_view to_string(tls_level level) {
  static constexpr std::array<std::string_view, 5> words{"none", "opportunistic", "encrypt", "dane",
                                                         "mta-sts"};
  return words[size_t(level)];
}

std::vector<std::string> explain(const plan& what) {
  auto lines = what.reasons;
  for (const auto& each : what.hosts) lines.push_back(line_of(each));
  if (!what.can_deliver())
    lines.push_back((what.verdict == plan_verdict::permanent ? "never: " : "not now: ") +
                    smtp_client::to_string(what.status) + ' ' + what.problem);
  return lines;
}

} // namespace stagepost::route
