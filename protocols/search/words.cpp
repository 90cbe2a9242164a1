#include "protocols/search/words.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stagepost::search {

namespace {

enum class role : uint8_t { separator, joiner, letter, ideograph };

constexpr std::array<role, 128> ascii_roles = [] {
  std::array<role, 128> roles{};
  for (size_t c = 0; c < roles.size(); ++c)
    if (is_ascii_alpha(char(c)) || is_ascii_digit(char(c)) || c == '_') roles[c] = role::letter;
  for (const char c : {'.', '-', '@', '\''}) roles[size_t(c)] = role::joiner;
  return roles;
}();

/// Of the character at `at`. What is folded has no full-width forms and no invisible characters.
role role_of(std::string_view text, size_t at) {
  const auto octet = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t(0); };
  const uint8_t first = octet(at), second = octet(at + 1);
  if (first < 0x80) return ascii_roles[first];
  if (first == 0xc2) return role::separator;                                       // U+0080 to U+00BF
  if (first == 0xe2 && (second == 0x80 || second == 0x81)) return role::separator; // U+2000 to U+207F
  if (first == 0xe3 && second == 0x80) return role::separator;                     // U+3000 to U+303F
  if (first >= 0xe3 && first <= 0xe9) return role::ideograph; // kana, CJK; Hangul parts words by spaces
  return role::letter;
}

} // namespace

bool is_joiner(char c) { return uint8_t(c) < 0x80 && ascii_roles[uint8_t(c)] == role::joiner; }

size_t character_size(std::string_view text, size_t at) {
  const auto first = uint8_t(text[at]);
  const size_t size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return std::min(size, text.size() - at);
}

run next_run(std::string_view text, size_t from) {
  role first = role::separator;
  while (from < text.size()) {
    first = role_of(text, from);
    if (first == role::letter || first == role::ideograph) break;
    from += character_size(text, from);
  }
  run found{first == role::ideograph ? run_kind::ideographs : run_kind::word, from, from};
  while (found.end < text.size()) {
    const role here = role_of(text, found.end);
    if (here == role::joiner && first == role::letter && found.end + 1 < text.size() &&
        role_of(text, found.end + 1) == role::letter) {
      ++found.end;
      continue;
    }
    if (here != first) break;
    found.end += character_size(text, found.end);
  }
  return found;
}

} // namespace stagepost::search
