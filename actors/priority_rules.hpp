#pragma once

#include "conf/settings.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stagepost {

/// What kind of mail it is, as far as its priority depends on that.
enum class mail_class : uint8_t { ordinary, bounce, automatic_reply };

/// A report of a failed delivery comes from nobody (RFC 5321 4.5.5); what else it may be its writer knows.
inline mail_class class_of(std::string_view envelope_sender) {
  return envelope_sender.empty() ? mail_class::bounce : mail_class::ordinary;
}

/// Which priority mail for other servers gets by the settings: sender before attempts, these before size,
/// this before the class of mail (PRIO-29). What the administrator gave a message wins over all of it, and
/// whoever asks sees to that. Belongs to one actor.
class priority_rules {
public:
  /// Goes by these settings from now on; costs nothing when they are the same.
  void follow(const std::shared_ptr<const conf::system_settings>& settings);

  /// Of mail that was not tried yet. `sender`: that of the envelope.
  uint8_t at_first(std::string_view sender, uint64_t size_bytes, mail_class kind) const;
  /// What mail gets by so many failed attempts; nothing: it keeps what it has.
  std::optional<uint8_t> after_attempts(std::string_view sender, uint32_t attempts) const;

private:
  std::optional<uint8_t> of_sender(std::string_view sender) const;

  std::shared_ptr<const conf::system_settings> settings_;
  /// Of the overrides, by canonical address or "@" and canonical domain; made when first needed.
  mutable std::optional<std::unordered_map<std::string, uint8_t>> senders_;
};

} // namespace stagepost
