#pragma once

#include "actors/domain/interface.hpp"
#include "conf/domain_settings.hpp"
#include "conf/stored.hpp"
#include "conf/user_settings.hpp"
#include "protocols/mime/time_zone.hpp"
#include "storage/directory.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

// What the verbs of administration have in common: directory_domains.cpp, directory_users.cpp,
// directory_aliases.cpp, directory_gateways.cpp and directory_settings.cpp.
namespace stagepost::domain {

/// The system store is small and stays in the cache.
inline constexpr auto directory_reach = storage::reach::disk;

inline admin_answer refuse(std::string sentence) { return {false, std::move(sentence)}; }

/// An address in its canonical parts.
struct split_address {
  std::string local, domain;
};
/// Nothing when it is no address of a domain.
std::optional<split_address> split(const std::string& address);

/// By any of its names, as typed.
storage::result<storage::domain_record> find_named_domain(const storage::store& system,
                                                          const std::string& name);

inline std::string time_zone_of(const conf::domain_settings& settings) { return settings.time_zone; }
inline std::string time_zone_of(const conf::user_settings& settings) {
  return settings.time_zone.value_or("UTC");
}

/// Puts changes into stored settings. Answers the sentence that says why not, and then nothing is changed.
template <class Settings>
std::string change(storage::setting_map& stored, const storage::setting_map& changes) {
  const conf::stored_settings before(stored.begin(), stored.end());
  auto decoded = conf::decode<Settings>(before);
  const auto refused = conf::change(decoded.settings, conf::stored_settings(changes.begin(), changes.end()));
  if (!refused.empty()) return refused.front().name + ": " + refused.front().sentence;
  if constexpr (requires { time_zone_of(decoded.settings); })
    if (const auto name = time_zone_of(decoded.settings);
        changes.count("time_zone") && !mime::time_zone::find(name))
      return fmt::format("time_zone: There is no time zone {}.", name);
  const auto after = conf::encode(decoded.settings, decoded.unknown);
  stored = storage::setting_map(after.begin(), after.end());
  return {};
}

} // namespace stagepost::domain
