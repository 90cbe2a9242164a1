#include "protocols/imap/commands/fuzzy_key.hpp"

#include "protocols/search/fuzzy.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

bool is_text(search_kind kind) {
  switch (kind) {
  case search_kind::from:
  case search_kind::to:
  case search_kind::cc:
  case search_kind::bcc:
  case search_kind::subject:
  case search_kind::header:
  case search_kind::text:
  case search_kind::body: return true;
  default: return false;
  }
}

} // namespace

void sharpen(search_key& key, std::string_view languages) {
  for (search_key& child : key.children) sharpen(child, languages);
  if (!key.fuzzy || !is_text(key.kind)) return;
  auto needle = std::make_shared<search::fuzzy_needle>(key.text, languages);
  if (needle->size() > 0) key.needle = std::move(needle);
}

place_weights weights_of(search_kind kind) {
  if (kind == search_kind::text) return {100, search::percent_beside_subject};
  return {};
}

uint8_t score_of(const search_hits& hits, uid id) {
  const auto at = std::lower_bound(hits.scores.begin(), hits.scores.end(), id.value,
                                   [](const scored_range& range, uint32_t n) { return range.last < n; });
  return at != hits.scores.end() && at->first <= id.value ? at->score : no_score;
}

} // namespace stagepost::imap
