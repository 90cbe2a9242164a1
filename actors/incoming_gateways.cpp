#include "actors/incoming_gateways.hpp"

#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>

namespace stagepost {

namespace {

std::string key_of(const std::string& domain) {
  return smtp::canonical_domain(domain).value_or(ascii_lower(domain));
}

/// False when there is none behind it.
bool step(conf::ip_address& at) {
  for (size_t i = at.size(); i > 0; --i)
    if (++at[i - 1] != 0) return true;
  return false;
}

} // namespace

incoming_gateways::incoming_gateways(const std::vector<incoming_gateway>& all) {
  for (const auto& each : all) {
    if (!each.settings.enabled || each.settings.addresses.empty()) continue;
    const auto one = std::make_shared<const incoming_gateway>(each);
    all_.push_back(one);
    if (one->settings.domain_verification != conf::domain_verification::list) {
      asking_.push_back(one);
      continue;
    }
    for (const auto& domain : one->settings.domains) by_domain_.emplace(key_of(domain), one);
  }
}

incoming_gateway_ptr incoming_gateways::listing(const std::string& domain) const {
  if (by_domain_.empty()) return nullptr;
  const auto found = by_domain_.find(key_of(domain));
  return found == by_domain_.end() ? nullptr : found->second;
}

incoming_gateway_ptr incoming_gateways::named(const std::string& name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each->name == name; });
  return found == all_.end() ? nullptr : *found;
}

std::chrono::minutes incoming_gateways::longest_wait() const {
  std::chrono::minutes longest{0};
  for (const auto& each : all_)
    for (const auto wait : each->settings.retry_intervals) longest = std::max(longest, wait);
  return longest;
}

const std::shared_ptr<const incoming_gateways>& incoming_view::get() {
  if (!from_) return made_;
  if (auto now = from_->get(); now != seen_) {
    made_ = std::make_shared<const incoming_gateways>(now->incoming);
    seen_ = std::move(now);
  }
  return made_;
}

std::vector<std::string> first_addresses(const std::vector<conf::network>& networks, size_t most) {
  std::vector<std::string> found;
  for (const auto& each : networks) {
    const bool is_range = each.first != each.last;
    for (auto at = each.first; at <= each.last && found.size() < most;) {
      if (!is_range || !conf::is_ipv4(at) || at.back() != 0) found.push_back(conf::text_of(at));
      if (!step(at)) break;
    }
  }
  return found;
}

} // namespace stagepost
