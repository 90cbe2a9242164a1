#include "actors/connection/blocked_senders.hpp"

#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace stagepost::connection {

namespace {

/// As addresses are written in their one form, as far as the stars let it be known.
std::string canonical(std::string_view pattern) {
  const auto at = pattern.rfind('@');
  const auto domain = pattern.substr(at == pattern.npos ? 0 : at + 1);
  const auto known = smtp::canonical_domain(domain).value_or(ascii_lower(domain));
  if (at == pattern.npos || at == 0) return '@' + known;
  return smtp::canonical_local(pattern.substr(0, at)) + '@' + known;
}

} // namespace

/// All entries as addresses; those of whole domains begin with "@".
struct blocked_senders::table {
  std::shared_ptr<const conf::system_settings> from;
  std::unordered_set<std::string> known;
  std::vector<std::string> patterns;

  explicit table(std::shared_ptr<const conf::system_settings> settings) : from(std::move(settings)) {
    for (const auto& each : from->security.blocked_senders) {
      auto entry = canonical(each);
      if (entry.find('*') == entry.npos)
        known.insert(std::move(entry));
      else
        patterns.push_back(std::move(entry));
    }
  }
};

bool blocked_senders::have(const std::shared_ptr<const conf::system_settings>& settings,
                           std::string_view address) {
  const auto at = address.rfind('@');
  if (at == address.npos) return false;
  auto now = current_.load();
  if (!now || now->from != settings) {
    now = std::make_shared<const table>(settings);
    current_ = now;
  }
  const auto domain = address.substr(at);
  if (now->known.count(std::string(address)) != 0 || now->known.count(std::string(domain)) != 0) return true;
  return std::any_of(now->patterns.begin(), now->patterns.end(), [&](const std::string& each) {
    return fits_pattern(each, each.starts_with('@') ? domain : address);
  });
}

// After a star that did not do it is made longer by one only the last star can help, so this takes the
// product of the lengths at most.
bool fits_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  auto star = pattern.npos;
  size_t star_ends = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_ends = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++star_ends;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

} // namespace stagepost::connection
