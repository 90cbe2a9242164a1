#pragma once

#include <cstddef>
#include <string_view>

namespace stagepost::search {

// Words of a folded text (message_text.hpp). The rules serve one promise, which needles.hpp builds on: a text
// that is one word by these rules occurs in another text exactly when it occurs in one of its words.
//
// - Letters, digits, "_" and everything beyond ASCII that is no punctuation make words. A single ".", "-",
//   "@" or "'" between two of those belongs to the word: addresses and names of hosts are one.
// - Scripts without spaces: each two neighbours are a word, a lone character is one.
// - Words of more than longest_word octets come as pieces that overlap, so that whatever has no more than
//   overlap octets is whole in one.

inline constexpr size_t overlap = 32;
inline constexpr size_t longest_word = 2 * overlap;

enum class run_kind : unsigned char { word, ideographs };

/// A stretch of text that words are made of.
struct run {
  run_kind kind = run_kind::word;
  size_t begin = 0;
  size_t end = 0;
};

/// The next run at or after `from`; begin == text.size() when there is none.
run next_run(std::string_view text, size_t from);

/// Whether the octet joins words when it stands alone between them.
bool is_joiner(char c);

/// Octets of the character that begins at `at`, at least one, never beyond the end.
size_t character_size(std::string_view text, size_t at);

/// Calls `each(word)` for the words of a text, repeated ones too. `each` answers whether it wants more.
template <class Each>
void for_each_word(std::string_view text, Each each) {
  for (run at = next_run(text, 0); at.begin < text.size(); at = next_run(text, at.end)) {
    if (at.kind == run_kind::ideographs) {
      size_t first = at.begin, second = first + character_size(text, first);
      if (second >= at.end && !each(text.substr(first, at.end - first))) return;
      while (second < at.end) {
        const size_t third = second + character_size(text, second);
        if (!each(text.substr(first, third - first))) return;
        first = second;
        second = third;
      }
      continue;
    }
    if (at.end - at.begin <= longest_word) {
      if (!each(text.substr(at.begin, at.end - at.begin))) return;
      continue;
    }
    // Cut between characters: a piece begins no later and ends no earlier than its octets say.
    const auto inside = [&](size_t octet) {
      return (static_cast<unsigned char>(text[octet]) & 0xc0) == 0x80;
    };
    for (size_t piece = at.begin;; piece += overlap) {
      size_t begin = piece, end = piece + longest_word;
      while (begin > at.begin && inside(begin)) --begin;
      while (end < at.end && inside(end)) ++end;
      if (end >= at.end) {
        if (!each(text.substr(begin, at.end - begin))) return;
        break;
      }
      if (!each(text.substr(begin, end - begin))) return;
    }
  }
}

} // namespace stagepost::search
