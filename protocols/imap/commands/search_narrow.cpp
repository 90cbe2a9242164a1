#include "protocols/imap/commands/search_narrow.hpp"

#include "protocols/search/message_text.hpp"
#include "protocols/search/needle.hpp"

#include <algorithm>
#include <optional>

namespace stagepost::imap {

namespace {

/// Fewer are read with one question; an index is asked only for what is in no text of theirs.
constexpr uint32_t few_messages = 16;
/// Each text is a look through all the index knows; beyond these messages are read as without it.
constexpr size_t most_texts = 16;

std::optional<text_scope> scope_of(const search_key& key) {
  switch (key.kind) {
  case search_kind::body: return text_scope::body;
  case search_kind::text: return text_scope::text;
  case search_kind::subject: return text_scope::subject;
  case search_kind::from: return text_scope::from;
  case search_kind::to: return text_scope::to;
  case search_kind::cc: return text_scope::cc;
  case search_kind::bcc: return text_scope::bcc;
  case search_kind::header:
    if (search::is_signature_field(key.name)) return std::nullopt;
    return text_scope::header;
  default: return std::nullopt;
  }
}

/// Whether words can say anything of it.
bool has_words(const search_key& key) {
  return key.needle || !search::plan_needle(key.text).patterns.empty();
}

/// Calls `each` for the keys an index may help with, always in the same order.
template <class Key, class Each>
void for_each_text(Key& key, const Each& each) {
  for (auto& child : key.children) for_each_text(child, each);
  const auto scope = scope_of(key);
  if (scope && has_words(key)) each(key, *scope);
}

/// The first number of the ranges that is not below `from`; UINT32_MAX when there is none.
uint32_t first_from(const number_ranges& ranges, uint32_t from) {
  const auto at = std::lower_bound(ranges.begin(), ranges.end(), from,
                                   [](const number_range& range, uint32_t n) { return range.last < n; });
  return at == ranges.end() ? UINT32_MAX : std::max(from, at->first);
}

} // namespace

std::vector<search_text> texts_to_narrow(const search_key& key, uint32_t messages,
                                         const std::string& languages) {
  std::vector<search_text> texts;
  for_each_text(key, [&](const search_key& each, text_scope scope) {
    if (texts.size() == most_texts) return;
    const bool fuzzy = each.needle != nullptr;
    texts.push_back({scope, each.text, fuzzy, fuzzy ? languages : std::string()});
  });
  // Attached documents are in the index alone.
  const auto may_be_in_documents = [](const search_text& text) {
    return text.scope == text_scope::body || text.scope == text_scope::text;
  };
  if (messages == 0 ||
      (messages <= few_messages && std::none_of(texts.begin(), texts.end(), may_be_in_documents)))
    texts.clear();
  return texts;
}

void narrow(search_key& key, narrowed known) {
  if (known.indexed_to == uid{}) return;
  size_t next = 0;
  for_each_text(key, [&](search_key& each, text_scope) {
    if (next == known.hits.size()) return;
    each.indexed_to = known.indexed_to;
    each.hits = std::move(known.hits[next++]);
  });
}

uid first_possible(const search_key& key, uid from) {
  uid first = from;
  if (key.kind == search_kind::all_of)
    for (const search_key& child : key.children) first = std::max(first, first_possible(child, from));
  if (from > key.indexed_to) return first;
  const uint32_t hit =
      std::min(first_from(key.hits.sure, from.value), first_from(key.hits.maybe, from.value));
  // Beyond what is indexed anything is possible. UINT32_MAX is no message's UID.
  const uint32_t beyond = key.indexed_to.value + (key.indexed_to.value < UINT32_MAX ? 1 : 0);
  return std::max(first, uid{std::min(hit, beyond)});
}

} // namespace stagepost::imap
