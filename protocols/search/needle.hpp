#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stagepost::search {

/// What must be among the words of a text for a substring to be in it.
struct word_pattern {
  std::string text;
  bool at_start = false; ///< the word begins with it
  bool at_end = false;   ///< the word ends with it

  friend bool operator==(const word_pattern&, const word_pattern&) = default;
};

/// How a substring is looked for among words. All patterns must be found; without any, words say nothing.
struct needle_plan {
  std::vector<word_pattern> patterns;
  /// Texts with such a word contain the substring; otherwise they may.
  bool exact = false;
};

/// No more patterns than this: the longest say most.
inline constexpr size_t max_patterns = 6;

/// The substring is folded as the text is. Texts without such words do not contain it.
needle_plan plan_needle(std::string_view folded);

} // namespace stagepost::search
