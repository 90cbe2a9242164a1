#pragma once

#include "conf/errc.hpp"
#include "conf/settings.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::conf {

/// Where a setting is kept: in the file of one node, or in the store for the system, a domain, a user or a
/// gateway.
enum class scope : uint8_t { node, system, domain, user, gateway };

/// When a change counts.
enum class takes_effect : uint8_t { live, restart };

/// What the text of a value looks like. `objects` (listeners, certificates) are lists of structs, changed in
/// the file only.
enum class value_kind : uint8_t {
  boolean,
  number,
  duration,
  size,
  choice,
  text,
  duration_list,
  network_list,
  text_list,
  objects
};

enum class unit : uint8_t { none, bytes, kb, mb, seconds, minutes, hours, days, months };

/// Further rules for a text.
enum class text_form : uint8_t {
  line,            // UTF-8 without control characters
  banner,          // a line with BANNER-01..BANNER-05 in it
  path,            // absolute path of a file or folder
  host_name,       // LDH labels
  host_pattern,    // a host name, its first label may be "*"
  listen_address,  // IPv4, IPv6, "*" or an absolute path
  identifier,      // letters, digits, "-", "_", "."
  time_zone,       // name of the IANA time zone database
  mail_address,    // local part and domain
  separator,       // one printing character of an address, or nothing
  dns_server,      // IPv4 or IPv6, with "@" and a port when that is not 53
  ip_address,      // IPv4 or IPv6
  route,           // outbound_route.hpp
  text,            // UTF-8 of any number of lines, without other control characters
  domain_name,     // as of mail addresses, letters of any language
  sender_override, // an address or @domain, "=", a priority, and why
  sender_pattern,  // an address or a domain with "*" in it
  named_address,   // an IP address, "=", the host name it goes by
  host,            // a host name or an IP address
  url,             // http or https
  day,             // YYYY-MM-DD
  language,        // ISO 639-1, of those whose stems we know
  folder_name,     // of mail, levels between "/"
};

/// What is known of one setting besides its value; API schema, console form, example file and reference text
/// are made of it. Bounds are in the unit of the setting; of a text they bound its bytes, of a list its
/// entries.
struct description {
  std::string_view name = {}; // dotted; ends with its unit when it has one: "smtp_in.command_timeout_seconds"
  std::string_view sentence = {};
  std::string_view spec = {}; // ids of the catalogue, blank between them; empty: a setting of our own
  uint64_t minimum = 0;
  uint64_t maximum = std::numeric_limits<uint32_t>::max();
  conf::unit unit = unit::none;     // set for sizes; durations have it from their type
  text_form form = text_form::line; // of a text or of the entries of a list
  takes_effect effect = takes_effect::live;
  std::string_view when_absent = {}; // the word for "no value" of an optional, e.g. "unlimited"
  bool required = false;             // of a listener or certificate: has no default that could serve
  bool may_be_empty = false;         // a text or list without content is a value
  bool zero_is_unlimited = false;
  bool secret = false; // the value is never shown, logged or written to an example

  // Filled in from the member by the table.
  value_kind kind = value_kind::text;
  conf::scope scope = scope::system;
  std::span<const std::string_view> choices = {};
};

/// One entry of a table: a description and the access to its member.
template <class Settings>
struct setting : description {
  std::string (*read)(const description&, const Settings&) = nullptr;
  result<done> (*write)(const description&, std::string_view, Settings&) = nullptr;
};

/// All settings of a struct in the order they are shown. Settings is node_settings, system_settings,
/// domain_settings, user_settings, those of gateways, or (as part of the file) listener or certificate_files.
template <class Settings>
std::span<const setting<Settings>> settings_of();

template <>
std::span<const setting<node_settings>> settings_of();
template <>
std::span<const setting<listener>> settings_of();
template <>
std::span<const setting<certificate_files>> settings_of();
template <>
std::span<const setting<system_settings>> settings_of();
template <>
std::span<const setting<domain_settings>> settings_of();
template <>
std::span<const setting<user_settings>> settings_of();
template <>
std::span<const setting<outgoing_gateway_settings>> settings_of();
template <>
std::span<const setting<incoming_gateway_settings>> settings_of();

/// The known name that resembles `name` most, or empty when none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);
failure<errc> no_such_setting(std::string_view name, std::span<const std::string_view> known);

/// What a value of the setting may be, in words: "true or false", "one of none, starttls, implicit", "0 or
/// more KB".
std::string value_phrase(const description& about);

/// The bounds in words: "1 to 65535 minutes", "0 or more KB, 0 = unlimited"; empty when there is nothing to
/// say.
std::string bounds_text(const description& about);

template <class Settings>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (const auto& entry : settings_of<Settings>()) names.push_back(entry.name);
  return names;
}

/// The entry of that name, or nothing.
template <class Settings>
const setting<Settings>* find_setting(std::string_view name) {
  for (const auto& entry : settings_of<Settings>())
    if (entry.name == name) return &entry;
  return nullptr;
}

/// The value as text: "true", "120", "nobody", "15, 30, 60, 90". Fails for a name that is unknown.
template <class Settings>
result<std::string> get(const Settings& settings, std::string_view name) {
  const auto* entry = find_setting<Settings>(name);
  if (!entry) return no_such_setting(name, names_of<Settings>());
  return entry->read(*entry, settings);
}

/// Sets one value from text, or says in a sentence why not; then nothing has changed. Rules that span several
/// settings are `contradictions_in`'s business.
template <class Settings>
result<done> set(Settings& settings, std::string_view name, std::string_view text) {
  const auto* entry = find_setting<Settings>(name);
  if (!entry) return no_such_setting(name, names_of<Settings>());
  return entry->write(*entry, text, settings);
}

/// The value a struct is born with, as text.
template <class Settings>
std::string default_of(const setting<Settings>& entry) {
  return entry.read(entry, Settings{});
}

std::string_view word_of(scope value);
std::string_view word_of(takes_effect value);
std::string_view word_of(value_kind value);
std::string_view word_of(unit value);
std::string_view word_of(text_form value);
std::string_view word_of(service value);
std::string_view word_of(tls_mode value);
std::string_view word_of(log_level value);
std::string_view word_of(log_format value);

} // namespace stagepost::conf
