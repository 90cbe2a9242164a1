#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace stagepost::log {

enum class level : uint8_t { error, warning, info, debug };
enum class format : uint8_t { text, json };

/// Which connection and which message a line is about; empty where it is about neither. No secret is ever
/// logged: what a client sent is passed through `printable` by the caller, and passwords are never passed at
/// all.
struct about {
  std::string_view connection = {};
  std::string_view queue = {};
};

/// Where lines go: a file that is reopened by `reopen`, or standard error for an empty path.
void open(level least, format how, const std::string& path);
/// Opens the file anew, after it was moved away; when that fails the old one stays in use.
void reopen();
bool enabled(level);
void write(level, const about&, std::string_view text);

template <class... Ts>
void error(fmt::format_string<Ts...> text, Ts&&... values) {
  write(level::error, {}, fmt::format(text, std::forward<Ts>(values)...));
}
template <class... Ts>
void warn(fmt::format_string<Ts...> text, Ts&&... values) {
  write(level::warning, {}, fmt::format(text, std::forward<Ts>(values)...));
}
template <class... Ts>
void info(fmt::format_string<Ts...> text, Ts&&... values) {
  if (enabled(level::info)) write(level::info, {}, fmt::format(text, std::forward<Ts>(values)...));
}
template <class... Ts>
void debug(fmt::format_string<Ts...> text, Ts&&... values) {
  if (enabled(level::debug)) write(level::debug, {}, fmt::format(text, std::forward<Ts>(values)...));
}

} // namespace stagepost::log
