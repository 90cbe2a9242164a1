#include "protocols/search/fuzzy.hpp"

#include "protocols/base/text.hpp"
#include "protocols/search/message_text.hpp"
#include "protocols/search/words.hpp"

#include <algorithm>

namespace stagepost::search {

namespace {

constexpr uint8_t same = 100;
constexpr uint8_t same_stem = 75;
constexpr uint8_t begins_alike = 50;
/// A part of "alice@example.com" or "well-known" is worth so much of the whole.
constexpr unsigned percent_of_part = 90;
/// Octets: shorter words begin too many others, and say nothing beside longer ones.
constexpr size_t short_word = 3;

/// U+0300 to U+036F: what is left of "ä" beside its letter when it is decomposed.
bool is_mark(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return false;
  const auto first = uint8_t(text[at]), second = uint8_t(text[at + 1]);
  return first == 0xcc || (first == 0xcd && second <= 0xaf);
}

std::string without_marks(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t size = character_size(text, at);
    if (!is_mark(text, at)) plain.append(text.substr(at, size));
    at += size;
  }
  return plain;
}

/// As without_marks(text).starts_with(plain), without a copy: this is asked of half a dictionary.
bool begins_plainly(std::string_view text, std::string_view plain) {
  size_t at = 0;
  for (const char c : plain) {
    while (at < text.size() && is_mark(text, at)) at += 2;
    if (at == text.size() || text[at] != c) return false;
    ++at;
  }
  return true;
}

bool is_inside_character(char c) { return (uint8_t(c) & 0xc0) == 0x80; }

size_t common_prefix(std::string_view a, std::string_view b) {
  size_t size = size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  while (size > 0 && size < a.size() && is_inside_character(a[size])) --size;
  return size;
}

void drop_last_character(std::string& text) {
  while (!text.empty() && is_inside_character(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
}

/// The first letter alone: behind any a mark may stand here and none there ("haus", "häuser").
std::string hint_of(std::string_view shared) {
  return shared.empty() ? std::string(1, '\0') : std::string(shared.substr(0, character_size(shared, 0)));
}

} // namespace

fuzzy_needle::fuzzy_needle(std::string_view folded, std::string_view languages) {
  while (!languages.empty()) languages_.emplace_back(take_until(languages, ' '));
  std::vector<std::string> found;
  for_each_word(folded, [&](std::string_view word) {
    if (std::find(found.begin(), found.end(), word) == found.end()) found.emplace_back(word);
    // Of what is longer the first words are enough to choose from.
    return found.size() < 2 * max_fuzzy_words;
  });
  const auto is_long = [](const std::string& word) { return word.size() >= short_word; };
  if (std::any_of(found.begin(), found.end(), is_long))
    std::erase_if(found, [&](const std::string& word) { return !is_long(word); });
  if (found.size() > max_fuzzy_words) found.resize(max_fuzzy_words);
  for (const auto& word : found) add(word);
}

void fuzzy_needle::add(std::string_view text) {
  wanted word;
  word.text = text;
  word.plain = without_marks(text);
  size_t shared = word.plain.size();
  for (auto& language : languages_) {
    word.stems.push_back(language.stem_of(text));
    shared = std::min(shared, common_prefix(word.plain, without_marks(folded(word.stems.back()))));
  }
  word.shared = word.plain.substr(0, shared);
  const run first = next_run(text, 0);
  word.is_ideograph = first.kind == run_kind::ideographs && character_size(text, 0) == text.size();
  // "happy" and "happiness" have the stem "happi": its last letter is not always theirs.
  if (!languages_.empty() && word.shared.size() >= short_word && !word.is_ideograph)
    drop_last_character(word.shared);
  word.hint = hint_of(word.shared);
  words_.push_back(std::move(word));
}

uint8_t fuzzy_needle::grade(size_t index, std::string_view candidate) {
  const wanted& word = words_[index];
  uint8_t best = grade_part(word, candidate);
  // Of "alice@mail.example": "alice", "mail.example", "mail", "example".
  for (size_t begin = 0; best < same;) {
    size_t end = begin;
    while (end < candidate.size() && !is_joiner(candidate[end])) ++end;
    if (begin > 0) best = std::max(best, weigh(grade_part(word, candidate.substr(begin)), percent_of_part));
    if (end == candidate.size()) break;
    best = std::max(best, weigh(grade_part(word, candidate.substr(begin, end - begin)), percent_of_part));
    begin = end + 1;
  }
  return best;
}

uint8_t fuzzy_needle::grade_part(const wanted& word, std::string_view part) {
  if (part == word.text) return same;
  if (word.is_ideograph) return part.find(word.text) == part.npos ? 0 : begins_alike;
  if (part.size() > longest_word + overlap || !begins_plainly(part, word.shared)) return 0;
  if (looks_left_ == 0) return 0;
  --looks_left_;
  const auto plain = without_marks(part);
  if (plain == word.plain) return same_stem;
  for (size_t i = 0; i < languages_.size(); ++i)
    if (!word.stems[i].empty() && languages_[i].stem_of(part) == word.stems[i]) return same_stem;
  return word.plain.size() >= short_word && plain.starts_with(word.plain) ? begins_alike : 0;
}

void fuzzy_grades::take(std::string_view folded, unsigned percent) {
  for_each_word(folded.substr(0, max_fuzzy_text), [&](std::string_view candidate) {
    bool open = false; // whether a better word may still come
    for (size_t i = 0; i < best_.size(); ++i) {
      if (best_[i] >= weigh(same, percent)) continue;
      best_[i] = std::max(best_[i], weigh(needle_.grade(i, candidate), percent));
      open |= best_[i] < weigh(same, percent);
    }
    return open;
  });
}

uint8_t fuzzy_grades::score() const {
  unsigned sum = 0;
  for (const uint8_t each : best_) {
    if (each == 0) return 0;
    sum += each;
  }
  return best_.empty() ? 0 : uint8_t(sum / best_.size());
}

} // namespace stagepost::search
