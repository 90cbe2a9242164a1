#include "protocols/search/needle.hpp"

#include "protocols/search/words.hpp"

#include <algorithm>

namespace stagepost::search {

namespace {

/// Two characters at a time are words (words.hpp).
void add_ideographs(std::vector<word_pattern>& out, std::string_view run) {
  size_t first = 0, second = character_size(run, 0);
  if (second >= run.size()) out.push_back({std::string(run)});
  while (second < run.size()) {
    const size_t third = second + character_size(run, second);
    out.push_back({std::string(run.substr(first, third - first))});
    first = second;
    second = third;
  }
}

/// A long word is stored in pieces: only its beginning can be relied on to be in one.
std::string_view short_enough(std::string_view word) {
  if (word.size() <= overlap) return word;
  size_t size = overlap;
  while ((static_cast<unsigned char>(word[size]) & 0xc0) == 0x80) --size;
  return word.substr(0, size);
}

} // namespace

needle_plan plan_needle(std::string_view folded) {
  needle_plan plan;
  for (run at = next_run(folded, 0); at.begin < folded.size(); at = next_run(folded, at.end)) {
    const auto text = folded.substr(at.begin, at.end - at.begin);
    const bool whole = text.size() == folded.size();
    if (at.kind == run_kind::ideographs) {
      add_ideographs(plan.patterns, text);
      plan.exact = whole && plan.patterns.size() == 1;
      continue;
    }
    // The word may go on where the needle ends, also beyond a joiner at its end: "b-" is in "b-c".
    const auto is_open = [&](std::string_view rest) {
      return rest.empty() || (rest.size() == 1 && is_joiner(rest.front()));
    };
    const bool open_left = is_open(folded.substr(0, at.begin));
    const bool open_right = is_open(folded.substr(at.end));
    const auto kept = short_enough(text);
    plan.patterns.push_back({std::string(kept), !open_left && kept.size() == text.size(),
                             !open_right && kept.size() == text.size()});
    plan.exact = whole && kept.size() == text.size();
  }
  std::stable_sort(plan.patterns.begin(), plan.patterns.end(), [](const auto& a, const auto& b) {
    return a.text.size() + a.at_start + a.at_end > b.text.size() + b.at_start + b.at_end;
  });
  plan.patterns.erase(std::unique(plan.patterns.begin(), plan.patterns.end()), plan.patterns.end());
  if (plan.patterns.size() > max_patterns) plan.patterns.resize(max_patterns);
  return plan;
}

} // namespace stagepost::search
