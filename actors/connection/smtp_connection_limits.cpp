#include "actors/connection/smtp_connection.hpp"

#include "protocols/smtp/address.hpp"

#include <algorithm>
#include <utility>

// What senders may not: those that are blocked, and more than an hour is to see.

namespace stagepost::connection {

/// SEC-16: who logged in by any name his domain has, and whoever writes as somebody of ours.
bool smtp_connection::is_blocked(const std::string& sender) const {
  const auto settings = with_->settings->get();
  if (settings->security.blocked_senders.empty()) return false;
  const auto is_named = [&](const std::string& address) {
    return with_->blocked->have(settings, smtp::canonical_address(address).value_or(""));
  };
  if (sender_.is_local_domain && is_named(sender)) return true;
  if (sender_.kind == domain::address_kind::account && is_named(sender_.target.address)) return true;
  if (session_->authenticated_as().empty()) return false;
  const auto& own = account_.account.address;
  const auto at = own.rfind('@');
  return is_named(own) ||
         (at != own.npos &&
          std::any_of(account_.domain_names.begin(), account_.domain_names.end(),
                      [&](const std::string& name) { return is_named(own.substr(0, at + 1) + name); }));
}

/// What the message adds to hourly limits, with the recipients that it has so far. Mail of a domain is what
/// its users send after a login, and what somebody who may do so without one sends elsewhere in its name.
/// Anybody may write to users of ours and call himself by another; that is held against nobody.
throttle::charge smtp_connection::charge(uint64_t octets) const {
  throttle::charge made;
  const bool authenticated = !session_->authenticated_as().empty();
  const auto& caps = authenticated ? account_.caps : sender_.caps;
  if ((caps.messages.counts() || caps.octets.counts()) &&
      (authenticated || (sender_.is_local_domain && relays_))) {
    auto& sent = made.sent.emplace();
    sent.domain = authenticated ? account_.domain : sender_.domain;
    sent.name = authenticated ? account_.account.address : sender_address_;
    sent.caps = caps;
    if (authenticated) {
      sent.user = account_.account.account;
      sent.of_user = account_.user_caps;
    }
    sent.messages = std::max<uint64_t>(1, recipients_.size());
    sent.octets = std::max<uint64_t>(1, octets);
  }
  for (const auto& [domain, of_domain] : bounces_) {
    const auto count = std::count_if(recipients_.begin(), recipients_.end(),
                                     [domain = domain](const auto& each) { return each.domain == domain; });
    if (count == 0) continue;
    made.received.push_back(of_domain);
    made.received.back().messages = uint64_t(count);
  }
  return made;
}

/// Asks only where something may be refused: whoever has no limit waits for nobody.
net::task<bool> smtp_connection::passes(throttle::charge what) {
  if (!what.may_be_refused()) co_return true;
  throttle::may_pass question{std::move(what)};
  auto found = co_await net::ask<throttle::passage>(this, with_->throttle, question);
  if (!found || found->refused_until == instant{}) co_return true; // the spool asks once more
  (void)throttled_until(found->refused_until);
  co_return false;
}

smtp::verdict smtp_connection::throttled_until(instant end) {
  refusal_detail_ = "at " + throttle::time_of_day(end);
  return smtp::verdict::throttled;
}

} // namespace stagepost::connection
