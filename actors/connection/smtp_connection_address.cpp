#include "actors/connection/smtp_connection.hpp"

#include <algorithm>
#include <utility>

// Senders and recipients: who they are, and whether mail may come from them and go to them.

namespace stagepost::connection {

net::task<smtp::verdict> smtp_connection::check_sender(const smtp::check_sender& asked) {
  recipients_.clear();
  bounces_.clear();
  footers_.clear();
  relays_ = false;
  declared_size_bytes_ = asked.declared_size_bytes;
  sender_address_ = asked.address;
  sender_ = {};
  sender_.kind = domain::address_kind::elsewhere;
  sender_is_null_ = asked.address.empty();
  if (!sender_is_null_) {
    domain::find_address order{asked.address};
    auto found = co_await net::ask<domain::address_found>(this, with_->directory, order);
    if (!found || found->kind == domain::address_kind::unavailable)
      co_return smtp::verdict::temporary_failure;
    sender_ = *found;
    if (sender_.kind == domain::address_kind::disabled)
      co_return smtp::verdict::refused_by_policy; // SMTPIN-31
    // Mail that we sent on, sent on once more: who does that is none of our users.
    if (sender_.kind == domain::address_kind::returning) sender_.is_local_domain = false;
  }
  if (is_blocked(asked.address)) co_return smtp::verdict::sender_blocked;
  auto counted = charge(declared_size_bytes_);
  const bool may_go_on = co_await passes(std::move(counted));
  co_return may_go_on ? smtp::verdict::accepted : smtp::verdict::throttled;
}

smtp::verdict smtp_connection::judge(const domain::address_found& found) const {
  const auto all = with_->settings->get();
  const auto& in = all->smtp_in;
  const bool authenticated = !session_->authenticated_as().empty();
  const bool exempt = is_lmtp() || is_listed(in.auth_exempt_networks) || is_listed(in.whitelisted_networks);
  const auto over_quota = in.over_quota_reply == conf::over_quota_reply::temporary
                              ? smtp::verdict::over_quota_temporary
                              : smtp::verdict::over_quota_permanent;
  // DOM-25: who writes as a user of ours has to log in; to our own users only if SMTPIN-22 says so.
  const bool must_log_in = sender_.is_local_domain && sender_.require_auth && !authenticated && !exempt;
  switch (found.kind) {
  case domain::address_kind::account:
  case domain::address_kind::alias:
    return must_log_in && in.require_auth_for_local_deliveries ? smtp::verdict::authentication_required
                                                               : smtp::verdict::accepted;
  // DLV-09: it is there for bounces; anything else would use us to reach a sender of others' mail.
  case domain::address_kind::returning:
    return sender_is_null_ ? smtp::verdict::accepted : smtp::verdict::refused_by_policy;
  case domain::address_kind::unknown: return smtp::verdict::unknown_user;
  case domain::address_kind::disabled: return smtp::verdict::mailbox_disabled;
  case domain::address_kind::domain_full: return over_quota;
  case domain::address_kind::malformed: return smtp::verdict::unknown_user;
  case domain::address_kind::unavailable: return smtp::verdict::temporary_failure;
  case domain::address_kind::elsewhere: break;
  }
  if (is_lmtp()) return smtp::verdict::unknown_domain_here;
  if (authenticated && in.relay_for_authenticated) return smtp::verdict::accepted; // SMTPIN-21
  if (is_listed(in.whitelisted_networks)) return smtp::verdict::accepted;          // SMTPIN-29
  if (must_log_in) return smtp::verdict::authentication_required;
  switch (in.allow_relay) {
  case conf::relay_for::nobody: break;
  case conf::relay_for::local_users:
    if (sender_.kind == domain::address_kind::account) return smtp::verdict::accepted;
    break;
  case conf::relay_for::local_domains:
    if (sender_.is_local_domain) return smtp::verdict::accepted;
    break;
  case conf::relay_for::anyone: return smtp::verdict::accepted;
  }
  return smtp::verdict::unknown_domain_here;
}

/// GWIN-02: from other servers mail comes in for the domains of incoming gateways, too, be it that the sender
/// may not relay.
net::task<smtp::verdict> smtp_connection::judge_by_gateways(std::string address) {
  if (!with_->gateways || with_->listener.service != conf::service::smtp)
    co_return smtp::verdict::unknown_domain_here;
  gateway::may_come_in question{std::move(address)};
  auto answer = co_await net::ask<gateway::entry_answer>(this, with_->gateways, question);
  if (!answer) co_return smtp::verdict::temporary_failure;
  switch (answer->verdict) {
  case gateway::entry_verdict::no_gateway: break;
  case gateway::entry_verdict::accepted: co_return smtp::verdict::accepted;
  case gateway::entry_verdict::unknown_user: co_return smtp::verdict::unknown_user;
  case gateway::entry_verdict::try_later: co_return smtp::verdict::temporary_failure;
  }
  co_return smtp::verdict::unknown_domain_here;
}

net::task<bool> smtp_connection::has_room(const domain::account_target& target) {
  if (target.forwards == domain::forwarding::away) co_return true;
  if (target.quota_bytes == 0 || target.shard >= with_->shards.size()) co_return true;
  mailbox::open_account order{target.account, target.quota_bytes, {}};
  auto opened = co_await net::ask<mailbox::account_opened>(this, with_->shards[target.shard].accounts, order);
  if (!opened) co_return true;
  mailbox::check_room question{std::max<uint64_t>(1, declared_size_bytes_)};
  auto room = co_await net::ask<mailbox::room>(this, opened->account, question);
  co_return !room || room->enough; // delivery has the last word
}

/// Together for as long as the connection lasts, so that who tries many addresses costs no message for each.
void smtp_connection::count_refusal(const domain::address_found& found) {
  constexpr size_t most_domains = 100;
  ++refused_[found.domain];
  if (refused_.size() >= most_domains) tell_refusals();
}

void smtp_connection::tell_refusals() {
  if (refused_.empty()) return;
  statistics::happened what;
  for (const auto& [domain, count] : std::exchange(refused_, {})) {
    storage::day_counts counts;
    counts.refusals = count;
    what.server += counts;
    if (domain) what.domains.push_back({domain, {}, counts});
  }
  statistics::tell(with_->statistics, std::move(what));
}

net::task<smtp::verdict> smtp_connection::look_up(const smtp::look_up_recipient& asked) {
  domain::find_address order{asked.address};
  auto found = co_await net::ask<domain::address_found>(this, with_->directory, order);
  if (!found) co_return smtp::verdict::temporary_failure;
  auto verdict = judge(*found);
  const bool relays = found->kind == domain::address_kind::elsewhere && verdict == smtp::verdict::accepted;
  if (verdict == smtp::verdict::unknown_domain_here) verdict = co_await judge_by_gateways(asked.address);
  if (verdict != smtp::verdict::accepted) {
    if (verdict != smtp::verdict::temporary_failure) count_refusal(*found);
    co_return verdict;
  }
  if (found->kind == domain::address_kind::account) {
    const bool room = co_await has_room(found->target);
    if (!room) count_refusal(*found);
    if (!room)
      co_return with_->settings->get()->smtp_in.over_quota_reply == conf::over_quota_reply::temporary
          ? smtp::verdict::over_quota_temporary
          : smtp::verdict::over_quota_permanent;
  }
  spool::addressee each;
  each.recipient.address = asked.address;
  each.kind = found->kind;
  each.target = found->target;
  each.domain = found->domain;
  recipients_.push_back(std::move(each));
  if (found->domain) footers_[found->domain] = found->footer;
  // DOM-79 is for what comes from outside; what users of ours send counts as sent.
  if (sender_address_.empty() && found->domain && found->caps.bounces.counts() &&
      session_->authenticated_as().empty()) {
    auto& of_domain = bounces_[found->domain];
    of_domain.domain = found->domain;
    of_domain.name = statistics::domain_of(asked.address);
    of_domain.cap = found->caps.bounces;
  }
  const bool relayed_before = std::exchange(relays_, relays_ || relays);
  auto counted = charge(declared_size_bytes_);
  const bool may_go_on = co_await passes(std::move(counted));
  if (may_go_on) co_return verdict;
  relays_ = relayed_before;
  recipients_.pop_back();
  count_refusal(*found);
  co_return smtp::verdict::throttled;
}

net::task<smtp::actions> smtp_connection::expand(const smtp::expand& asked) {
  std::vector<std::string> found;
  auto text = asked.text;
  if (text.size() > 1 && text.front() == '<' && text.back() == '>') text = text.substr(1, text.size() - 2);
  domain::find_address order{text};
  auto who = co_await net::ask<domain::address_found>(this, with_->directory, order);
  if (!who || who->kind == domain::address_kind::unavailable)
    co_return session_->on_expanded(smtp::verdict::temporary_failure, found);
  if (who->kind == domain::address_kind::account && !asked.is_list) found.push_back(who->target.address);
  if (who->kind == domain::address_kind::alias) {
    if (asked.is_list) {
      domain::expand_address all{text, 100};
      auto expanded = co_await net::ask<domain::address_expanded>(this, with_->directory, all);
      if (!expanded) co_return session_->on_expanded(smtp::verdict::temporary_failure, found);
      for (const auto& each : expanded->accounts) found.push_back(each.address);
      for (const auto& each : expanded->elsewhere) found.push_back(each);
    } else {
      found.push_back(text);
    }
  }
  co_return session_->on_expanded(found.empty() ? smtp::verdict::unknown_user : smtp::verdict::accepted,
                                  found);
}

} // namespace stagepost::connection
