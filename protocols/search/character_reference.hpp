#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::search {

/// Appends a character as UTF-8.
void append_code_point(std::string& out, uint32_t point);

/// What "&#…;" stands for, given what stands behind the "#": decimal, or hexadecimal behind an "x". U+FFFD
/// for what is no character.
std::optional<uint32_t> numbered_point(std::string_view digits);

} // namespace stagepost::search
