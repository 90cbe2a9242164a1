#pragma once

#include "conf/settings.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace stagepost::connection {

/// The senders of this server that the administrator has blocked (SEC-16). Any thread; what the settings say
/// is made ready once, when they change.
class blocked_senders {
public:
  /// Whether `address`, in its canonical form, is among those of the settings in force: an entry with "@" is
  /// for addresses, one without, or with nothing before it, for domains; "*" stands for any characters.
  bool have(const std::shared_ptr<const conf::system_settings>& settings, std::string_view address);

private:
  struct table;
  std::atomic<std::shared_ptr<const table>> current_;
};

/// Whether the text is one that the pattern stands for.
bool fits_pattern(std::string_view pattern, std::string_view text);

} // namespace stagepost::connection
