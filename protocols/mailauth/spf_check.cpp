#include "protocols/mailauth/spf_check.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"
#include "protocols/mailauth/spf_evaluation.hpp"

namespace stagepost::mailauth::spf {

namespace {

/// RFC 7208 4.3: a domain a policy can be asked of, in A-labels (RFC 8616 4) and lower case; nothing for
/// address literals, single labels and what is no name.
std::optional<std::string> policy_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.find('.') == text.npos || text.front() == '[') return std::nullopt;
  if (!is_ascii(text)) return to_query_name(text);
  // Looser than a host name: whoever has a record under a strange name meant it.
  if (!is_query_name(text)) return std::nullopt;
  return ascii_lower(text);
}

} // namespace

check::check(query about) : about_(std::move(about)) {
  const auto at = about_.mail_from.rfind('@');
  const bool by_helo = about_.mail_from.empty();
  const std::string_view sender = about_.mail_from;
  const auto text = by_helo             ? std::string_view(about_.helo)
                    : at == sender.npos ? sender
                                        : sender.substr(at + 1);
  // RFC 7208 4.3: a missing local part is "postmaster".
  const auto local =
      by_helo || at == sender.npos || at == 0 ? std::string_view("postmaster") : sender.substr(0, at);
  verdict_.by_helo = by_helo;
  verdict_.sender = std::string(local) + '@' + std::string(text);
  auto domain = policy_domain(text);
  decided_ = !domain;
  if (domain) verdict_.domain = std::move(*domain);
}

std::vector<question> check::questions() {
  if (decided_) return {};
  const auto at = verdict_.sender.rfind('@');
  evaluation run(answers_, {.sender_local = verdict_.sender.substr(0, at),
                            .sender_domain = verdict_.domain,
                            .domain = verdict_.domain,
                            .client = about_.client,
                            .helo = about_.helo,
                            .receiver = about_.receiver,
                            .now_seconds = unix_seconds(about_.now)});
  const auto result = run.run(verdict_.domain, verdict_);
  if (!result) return run.missing();
  decided_ = true;
  verdict_.result = *result;
  return {};
}

void check::give(const question& asked, answer said) { answers_.insert_or_assign(asked, std::move(said)); }

} // namespace stagepost::mailauth::spf
