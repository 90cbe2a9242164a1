#include "vocabulary.hpp"

#include <string_view>

namespace stagepost::load {

const std::vector<std::string>& vocabulary() {
  static const std::vector<std::string> words = [] {
    constexpr std::string_view consonants = "bdfghklmnprstvz", vowels = "aeiou";
    constexpr size_t word_count = 5000;
    std::vector<std::string> syllables;
    for (const char consonant : consonants)
      for (const char vowel : vowels) syllables.push_back({consonant, vowel});
    const auto size = syllables.size();
    std::vector<std::string> made;
    for (size_t i = 0; i < word_count; ++i) {
      // The first two syllables differ for every word; the rest only varies the lengths.
      auto word = syllables[i % size] + syllables[(i / size + i) % size];
      if (i % 3 != 0) word += syllables[i * 31 % size];
      if (i % 3 == 2) word += syllables[i * 17 % size] + "n";
      made.push_back(std::move(word));
    }
    return made;
  }();
  return words;
}

const std::string& word_source::next() {
  uint64_t x = state_ += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  const auto& words = vocabulary();
  return words[x % words.size()];
}

} // namespace stagepost::load
