#pragma once

#include "protocols/search/stemmer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::search {

/// More words of what is looked for say nothing new; those behind them are left alone.
inline constexpr size_t max_fuzzy_words = 8;
/// Octets of one text of a message that are graded: to grade words takes longer than to look for a substring.
inline constexpr size_t max_fuzzy_text = 1024 * 1024;
/// Words that begin as one looked for does are looked at closely, which takes microseconds for each of the
/// languages: so many in one text of a message, and so many in an index for all texts of a search. Behind
/// them only the word itself fits. Nobody's mail has so many; it could be made to keep a thread for a minute.
inline constexpr size_t max_closer_looks = 5'000;
inline constexpr size_t max_closer_looks_in_index = 1'000'000;

/// What is looked for by FUZZY (RFC 6203): words, in any order, each of them or one much like it. The same
/// word, one with the same stem or with other marks on its letters, one that it begins.
/// Not for two threads at a time.
class fuzzy_needle {
public:
  /// `folded` as the text is. `languages`: codes with blanks between; of others no stems are known.
  fuzzy_needle(std::string_view folded, std::string_view languages);

  /// 0: there is no word in it.
  size_t size() const { return words_.size(); }
  /// Part of every word that has a grade. "\0" stands for the beginning of a word: it says nothing.
  const std::string& hint(size_t word) const { return words_[word].hint; }
  /// How many words are looked at closely from now on.
  void allow(size_t closer_looks) { looks_left_ = closer_looks; }
  /// How well a word of a folded text fits: percent, 0 where it does not.
  uint8_t grade(size_t word, std::string_view candidate);

private:
  struct wanted {
    std::string text;
    std::string plain;  ///< without marks
    std::string shared; ///< of `plain`: every inflected form begins with it
    std::string hint;
    std::vector<std::string> stems; ///< one for each language
    bool is_ideograph = false;      ///< a single one
  };
  void add(std::string_view word);
  uint8_t grade_part(const wanted& word, std::string_view part);

  std::vector<stemmer> languages_;
  std::vector<wanted> words_;
  size_t looks_left_ = max_closer_looks;
};

/// How well one message has what is looked for.
class fuzzy_grades {
public:
  explicit fuzzy_grades(fuzzy_needle& needle) : needle_(needle), best_(needle.size()) {
    needle_.allow(max_closer_looks);
  }

  /// The words of a folded text count, of its first max_fuzzy_text octets; a place that says less than others
  /// has fewer percent.
  void take(std::string_view folded, unsigned percent);
  /// From 1 to 100; 0 where a word is missing.
  uint8_t score() const;

private:
  fuzzy_needle& needle_;
  std::vector<uint8_t> best_; ///< of each word
};

/// What a grade is worth in a place; no grade becomes none by it.
constexpr uint8_t weigh(uint8_t grade, unsigned percent) {
  return uint8_t((unsigned(grade) * percent + 99) / 100);
}

/// Of TEXT: a word in the subject says more of a message than one anywhere in it.
inline constexpr unsigned percent_beside_subject = 60;

} // namespace stagepost::search
