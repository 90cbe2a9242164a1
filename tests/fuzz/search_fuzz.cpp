// protocols/search: what is read out of a message, and the promise that words never miss a substring.
#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"
#include "protocols/search/fuzzy.hpp"
#include "protocols/search/html_text.hpp"
#include "protocols/search/message_text.hpp"
#include "protocols/search/needle.hpp"
#include "protocols/search/words.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::search;

void require(bool promise) {
  if (!promise) std::abort();
}

bool fits(std::string_view word, const word_pattern& pattern) {
  const std::string_view text = pattern.text;
  if (pattern.at_start && pattern.at_end) return word == text;
  if (pattern.at_start) return word.starts_with(text);
  if (pattern.at_end) return word.ends_with(text);
  return word.find(text) != word.npos;
}

bool has(std::string_view text, const word_pattern& pattern) {
  bool found = false;
  for_each_word(text, [&](std::string_view word) {
    require(!word.empty() && word.size() <= longest_word + 8 && word.find('\0') == word.npos);
    return !(found = fits(word, pattern));
  });
  return found;
}

/// Whatever has a grade has the hint, by which an index finds it.
void check_fuzzy(std::string_view text, std::string_view looked_for) {
  fuzzy_needle needle(folded(looked_for), "en de ru ar");
  require(needle.size() <= max_fuzzy_words);
  const std::string in = folded(text.substr(0, 4096));
  for (size_t i = 0; i < needle.size(); ++i)
    for_each_word(in, [&](std::string_view word) {
      const uint8_t grade = needle.grade(i, word);
      require(grade <= 100);
      require(grade == 0 || needle.hint(i) == std::string(1, '\0') || word.find(needle.hint(i)) != word.npos);
      return true;
    });
  fuzzy_grades grades(needle);
  grades.take(in, 100);
  require(grades.score() <= 100);
}

} // namespace

/// The first octet says where a needle is taken from the text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bytes_view whole(reinterpret_cast<const char*>(data + 1), size - 1);
  require(html_to_text(whole).size() <= whole.size() + 4);
  const auto digest = mime::make_digest(whole);
  const auto body = body_text(
      digest, [&](mime::extent where) { return whole.substr(size_t(where.offset), size_t(where.size)); });
  const auto text = mime::search_key(header_text(whole.substr(0, digest.header_size)) + body);
  size_t begin = text.size() * data[0] / 256, end = std::min(text.size(), begin + 1 + data[0] % 48);
  while (begin < text.size() && (uint8_t(text[begin]) & 0xc0) == 0x80) ++begin;
  while (end < text.size() && (uint8_t(text[end]) & 0xc0) == 0x80) ++end;
  if (begin >= end) return 0;
  const auto plan = plan_needle(std::string_view(text).substr(begin, end - begin));
  require(plan.patterns.size() <= max_patterns);
  for (const auto& pattern : plan.patterns) require(has(text, pattern));
  check_fuzzy(text, std::string_view(text).substr(begin, end - begin));
  return 0;
}
