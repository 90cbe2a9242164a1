#pragma once

#include "conf/check.hpp"
#include "conf/describe.hpp"

#include <map>
#include <string>
#include <vector>

namespace stagepost::conf {

/// Settings as the store keeps them, per scope: name → text. *Stored: names are never reused with another
/// meaning.*
using stored_settings = std::map<std::string, std::string, std::less<>>;

/// A value that was refused, and why.
struct refused_value {
  std::string name;
  std::string sentence;
};

/// What a stored map meant.
template <class Settings>
struct decoded_settings {
  Settings settings;       // a refused value leaves its default in place
  stored_settings unknown; // names of a newer binary: ignored, but kept when the map is written again
  std::vector<refused_value> refused; // to be logged by the caller
};

/// Reads a stored map over the defaults. Never fails as a whole: a server must start with what it
/// understands. Rules that span several settings are not checked here.
template <class Settings>
decoded_settings<Settings> decode(const stored_settings& stored) {
  decoded_settings<Settings> read;
  for (const auto& [name, text] : stored) {
    const auto* entry = find_setting<Settings>(name);
    if (!entry)
      read.unknown.emplace(name, text);
    else if (auto outcome = entry->write(*entry, text, read.settings); !outcome)
      read.refused.push_back({name, outcome.error().detail});
  }
  return read;
}

/// What differs from the defaults, and `unknown` as it came. As defaults are not stored, a better default of
/// a later version reaches all who never chose otherwise.
template <class Settings>
stored_settings encode(const Settings& settings, const stored_settings& unknown = {}) {
  stored_settings stored = unknown;
  const Settings defaults{};
  for (const auto& entry : settings_of<Settings>()) {
    std::string text = entry.read(entry, settings);
    if (entry.kind != value_kind::objects && text != entry.read(entry, defaults))
      stored[std::string{entry.name}] = std::move(text);
  }
  return stored;
}

/// All values, defaults included, and `unknown` as it came: for domains and users, which a later change of a
/// default must not reach (DEF-03, DEF-07), and for whoever shows settings.
template <class Settings>
stored_settings encode_all(const Settings& settings, const stored_settings& unknown = {}) {
  stored_settings stored = unknown;
  for (const auto& entry : settings_of<Settings>())
    if (entry.kind != value_kind::objects) stored[std::string{entry.name}] = entry.read(entry, settings);
  return stored;
}

/// Applies a change of several values as one: all of them, or none and every reason. Unknown names are
/// refused, with the nearest name; so is what would contradict.
template <class Settings>
std::vector<refused_value> change(Settings& settings, const stored_settings& changes) {
  std::vector<refused_value> refused;
  Settings changed = settings;
  for (const auto& [name, text] : changes)
    if (auto outcome = set(changed, name, text); !outcome) refused.push_back({name, outcome.error().detail});
  if (refused.empty())
    for (auto& rule : contradictions_in(changed)) refused.push_back({rule.name, rule.sentence});
  if (refused.empty()) settings = std::move(changed);
  return refused;
}

} // namespace stagepost::conf
