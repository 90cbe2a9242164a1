#pragma once

#include "conf/describe.hpp"
#include "conf/words.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace stagepost::conf {

/// How the value of each member type reads as text. `to_text` and `from_text` are each other's inverse;
/// `from_text` changes `value` only when it succeeds. Only the tables of describe_*.cpp use these.
std::string to_text(const description&, bool value);
std::string to_text(const description&, const std::string& value);
std::string to_text(const description&, const std::vector<std::string>& value);
std::string to_text(const description&, const std::vector<network>& value);
std::string to_text(const description&, const byte_count& value);

result<done> from_text(const description& about, std::string_view text, bool& value);
result<done> from_text(const description& about, std::string_view text, std::string& value);
result<done> from_text(const description& about, std::string_view text, std::vector<std::string>& value);
result<done> from_text(const description& about, std::string_view text, std::vector<network>& value);
result<done> from_text(const description& about, std::string_view text, byte_count& value);

/// A number within the bounds of the setting.
result<uint64_t> number_from_text(const description& about, std::string_view text);
/// The position of `text` among the choices of the setting.
result<size_t> choice_from_text(const description& about, std::string_view text);
/// The parts between commas, without blanks around them; none when `text` is blank.
std::vector<std::string_view> list_parts(std::string_view text);
/// Fails when a list of that many entries is too short or too long, or empty though it must not be.
result<done> check_length(const description& about, size_t entries, uint64_t maximum);

inline constexpr size_t max_durations = 100;

template <class T>
concept plain_number =
    std::is_same_v<T, uint16_t> || std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>;
template <class T>
concept word_choice = std::is_enum_v<T>;

std::string to_text(const description&, plain_number auto value) { return std::to_string(value); }

template <plain_number T>
result<done> from_text(const description& about, std::string_view text, T& value) {
  const auto number = number_from_text(about, text);
  if (!number) return number.error();
  value = T(*number);
  return done{};
}

std::string to_text(const description&, word_choice auto value) { return std::string{word_in_table(value)}; }

template <word_choice T>
result<done> from_text(const description& about, std::string_view text, T& value) {
  const auto index = choice_from_text(about, text);
  if (!index) return index.error();
  value = T(*index);
  return done{};
}

template <class Rep, class Period>
std::string to_text(const description&, std::chrono::duration<Rep, Period> value) {
  return std::to_string(value.count());
}

template <class Rep, class Period>
result<done> from_text(const description& about, std::string_view text,
                       std::chrono::duration<Rep, Period>& value) {
  const auto number = number_from_text(about, text);
  if (!number) return number.error();
  value = std::chrono::duration<Rep, Period>{Rep(*number)};
  return done{};
}

template <class Rep, class Period>
std::string to_text(const description& about, const std::vector<std::chrono::duration<Rep, Period>>& value) {
  std::string text;
  for (const auto& entry : value) text += (text.empty() ? "" : ", ") + to_text(about, entry);
  return text;
}

template <class Rep, class Period>
result<done> from_text(const description& about, std::string_view text,
                       std::vector<std::chrono::duration<Rep, Period>>& value) {
  std::vector<std::chrono::duration<Rep, Period>> read;
  for (const std::string_view part : list_parts(text)) {
    std::chrono::duration<Rep, Period> entry{};
    if (auto outcome = from_text(about, part, entry); !outcome) return outcome;
    read.push_back(entry);
  }
  if (auto outcome = check_length(about, read.size(), max_durations); !outcome) return outcome;
  value = std::move(read);
  return done{};
}

template <class T>
std::string to_text(const description& about, const std::optional<T>& value) {
  return value ? to_text(about, *value) : std::string{about.when_absent};
}

template <class T>
result<done> from_text(const description& about, std::string_view text, std::optional<T>& value) {
  if (text == about.when_absent) {
    value.reset();
    return done{};
  }
  T read{};
  if (auto outcome = from_text(about, text, read); !outcome) return outcome;
  value = std::move(read);
  return done{};
}

/// Lists of structs have no text of their own: a summary for display, and no way back.
template <class T>
requires std::is_same_v<T, listener> || std::is_same_v<T, certificate_files> std::string
to_text(const description&, const std::vector<T>& value) {
  return std::to_string(value.size()) + (value.size() == 1 ? " entry" : " entries");
}

template <class T>
requires std::is_same_v<T, listener> || std::is_same_v<T, certificate_files> result<done>
from_text(const description& about, std::string_view, std::vector<T>&) {
  return failure{errc::not_settable, std::string{about.name} + " is changed in the configuration file only."};
}

} // namespace stagepost::conf
