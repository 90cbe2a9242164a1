#pragma once

#include "conf/value_text.hpp"

namespace stagepost::conf {

template <class>
struct member_of;
template <class Owner, class Value>
struct member_of<Value Owner::*> {
  using owner = Owner;
};

template <auto First, auto... Rest>
constexpr auto& follow(auto& root) {
  if constexpr (sizeof...(Rest) == 0)
    return root.*First;
  else
    return follow<Rest...>(root.*First);
}

/// What the type of a member says about its setting.
template <class T>
struct type_facts {
  static constexpr value_kind kind = std::is_enum_v<T> ? value_kind::choice : value_kind::number;
};
template <>
struct type_facts<bool> {
  static constexpr value_kind kind = value_kind::boolean;
};
template <>
struct type_facts<std::string> {
  static constexpr value_kind kind = value_kind::text;
};
template <>
struct type_facts<byte_count> {
  static constexpr value_kind kind = value_kind::size;
};
template <class Rep, class Period>
struct type_facts<std::chrono::duration<Rep, Period>> {
  static constexpr value_kind kind = value_kind::duration;
};
template <class Rep, class Period>
struct type_facts<std::vector<std::chrono::duration<Rep, Period>>> {
  static constexpr value_kind kind = value_kind::duration_list;
};
template <>
struct type_facts<std::vector<network>> {
  static constexpr value_kind kind = value_kind::network_list;
};
template <>
struct type_facts<std::vector<std::string>> {
  static constexpr value_kind kind = value_kind::text_list;
};
template <>
struct type_facts<std::vector<listener>> {
  static constexpr value_kind kind = value_kind::objects;
};
template <>
struct type_facts<std::vector<certificate_files>> {
  static constexpr value_kind kind = value_kind::objects;
};
template <class T>
struct type_facts<std::optional<T>> : type_facts<T> {};

template <class T>
constexpr unit duration_unit = unit::none;
template <>
inline constexpr unit duration_unit<std::chrono::seconds> = unit::seconds;
template <>
inline constexpr unit duration_unit<std::chrono::minutes> = unit::minutes;
template <>
inline constexpr unit duration_unit<std::chrono::hours> = unit::hours;
template <>
inline constexpr unit duration_unit<std::chrono::days> = unit::days;
template <>
inline constexpr unit duration_unit<std::chrono::months> = unit::months;
template <class T>
constexpr unit duration_unit<std::vector<T>> = duration_unit<T>;

template <class Settings>
constexpr scope scope_of = scope::node;
template <>
inline constexpr scope scope_of<system_settings> = scope::system;
template <>
inline constexpr scope scope_of<domain_settings> = scope::domain;
template <>
inline constexpr scope scope_of<user_settings> = scope::user;
template <>
inline constexpr scope scope_of<outgoing_gateway_settings> = scope::gateway;
template <>
inline constexpr scope scope_of<incoming_gateway_settings> = scope::gateway;

/// Makes the entry of one member, named by the way to it from its root struct:
/// `item<&system_settings::imap, &imap_settings::banner>({.name = "imap.banner", …})`.
template <auto First, auto... Rest>
constexpr auto item(description about) {
  using root = typename member_of<decltype(First)>::owner;
  using value = std::remove_cvref_t<decltype(follow<First, Rest...>(std::declval<root&>()))>;

  constexpr uint64_t not_given = description{}.maximum;
  about.kind = type_facts<value>::kind;
  about.scope = scope_of<root>;
  if (about.kind == value_kind::duration || about.kind == value_kind::duration_list)
    about.unit = duration_unit<value>;
  if (about.kind == value_kind::text && about.maximum == not_given) about.maximum = 255;
  if (about.kind == value_kind::text && about.minimum == 0)
    about.minimum = 1; // may_be_empty is the other way in
  if (about.kind == value_kind::text_list && about.maximum == not_given) about.maximum = 100;
  if (about.kind == value_kind::network_list && about.maximum == not_given) about.maximum = 10000;
  if constexpr (std::is_same_v<value, uint16_t>)
    about.maximum = about.maximum < 65535 ? about.maximum : 65535;
  if constexpr (std::is_enum_v<value>) about.choices = words<value>::all;

  setting<root> made;
  static_cast<description&>(made) = about;
  made.read = [](const description& d, const root& from) { return to_text(d, follow<First, Rest...>(from)); };
  made.write = [](const description& d, std::string_view text, root& into) {
    return from_text(d, text, follow<First, Rest...>(into));
  };
  return made;
}

/// The groups of system_settings, each described in its own file.
std::span<const setting<system_settings>> smtp_in_table();
std::span<const setting<system_settings>> lmtp_table();
std::span<const setting<system_settings>> pop3_table();
std::span<const setting<system_settings>> imap_table();
std::span<const setting<system_settings>> password_table();
std::span<const setting<system_settings>> spool_table();
std::span<const setting<system_settings>> smtp_out_table();
std::span<const setting<system_settings>> priority_table();
std::span<const setting<system_settings>> message_rules_table();
std::span<const setting<system_settings>> store_table();
std::span<const setting<system_settings>> index_table();
std::span<const setting<system_settings>> resolver_table();
std::span<const setting<system_settings>> service_table();
std::span<const setting<system_settings>> report_table();

} // namespace stagepost::conf
