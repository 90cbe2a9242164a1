#include "actors/priority_rules.hpp"

#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/records.hpp"

namespace stagepost {

namespace {

/// "address=priority why" or "@domain=priority why", as the settings let nothing else through; an address may
/// have "=" in it.
void add_override(std::unordered_map<std::string, uint8_t>& to, std::string_view text) {
  const auto end = text.find(' ');
  const auto equals = text.rfind('=', end);
  if (equals == text.npos) return;
  const auto who = text.substr(0, equals);
  const auto priority = parse_number<uint8_t>(text.substr(equals + 1, end - equals - 1));
  if (!priority || *priority == 0 || *priority > storage::highest_priority) return;
  if (who.starts_with('@')) {
    if (const auto domain = smtp::canonical_domain(who.substr(1))) to.emplace('@' + *domain, *priority);
  } else if (const auto address = smtp::canonical_address(who)) {
    to.emplace(*address, *priority);
  }
}

} // namespace

void priority_rules::follow(const std::shared_ptr<const conf::system_settings>& settings) {
  if (settings == settings_) return;
  settings_ = settings;
  senders_.reset();
}

std::optional<uint8_t> priority_rules::of_sender(std::string_view sender) const {
  const auto& overrides = settings_->priority.sender_overrides;
  if (overrides.empty() || sender.empty()) return std::nullopt;
  if (!senders_) {
    senders_.emplace();
    for (const auto& each : overrides) add_override(*senders_, each);
  }
  const auto address = smtp::canonical_address(sender);
  if (!address) return std::nullopt;
  if (const auto known = senders_->find(*address); known != senders_->end()) return known->second;
  const auto at = address->rfind('@');
  if (at == address->npos) return std::nullopt;
  const auto known = senders_->find(address->substr(at));
  return known == senders_->end() ? std::nullopt : std::optional(known->second);
}

uint8_t priority_rules::at_first(std::string_view sender, uint64_t size_bytes, mail_class kind) const {
  if (!settings_) return storage::usual_priority;
  if (const auto known = of_sender(sender)) return *known; // PRIO-25
  const auto& rules = settings_->priority;
  if (rules.over_size_enabled && size_bytes > rules.over_size_threshold.bytes)
    return uint8_t(rules.over_size); // PRIO-07 to PRIO-09
  if (kind == mail_class::automatic_reply && rules.auto_responders_enabled)
    return uint8_t(rules.auto_responders);                                                // PRIO-10
  if (kind == mail_class::bounce && rules.bounces_enabled) return uint8_t(rules.bounces); // PRIO-12
  return rules.standard_enabled ? uint8_t(rules.standard) : storage::usual_priority;      // PRIO-03
}

std::optional<uint8_t> priority_rules::after_attempts(std::string_view sender, uint32_t attempts) const {
  if (!settings_) return std::nullopt;
  const auto& rules = settings_->priority;
  const bool second = rules.after_attempts_2_enabled && attempts >= rules.attempts_2; // PRIO-21 to PRIO-23
  const bool first = rules.after_attempts_1_enabled && attempts >= rules.attempts_1;  // PRIO-18 to PRIO-20
  if ((!first && !second) || of_sender(sender)) return std::nullopt;
  return uint8_t(second ? rules.after_attempts_2 : rules.after_attempts_1);
}

} // namespace stagepost
