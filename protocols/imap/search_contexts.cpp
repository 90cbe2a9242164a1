#include "protocols/imap/search_contexts.hpp"

#include <algorithm>

namespace stagepost::imap {

bool search_contexts::has(std::string_view tag) const {
  return std::any_of(list_.begin(), list_.end(), [&](const search_context& each) { return each.tag == tag; });
}

bool search_contexts::add(search_context context, const mailbox_view& view) {
  if (list_.size() == max_contexts) return false;
  list_.push_back(std::move(context));
  if (is_too_big()) {
    list_.pop_back();
    return false;
  }
  // The others know the mailbox as it stands.
  if (list_.size() == 1) {
    seen_.clear();
    take_changed(view);
  }
  return true;
}

void search_contexts::cancel(std::string_view tag) {
  std::erase_if(list_, [&](const search_context& each) { return each.tag == tag; });
}

namespace {

size_t size_of(const search_key& key) {
  size_t bytes = sizeof key + key.text.size();
  for (const number_ranges* ranges : {&key.set.ranges, &key.ranges})
    bytes += ranges->size() * sizeof(number_range);
  for (const search_key& child : key.children) bytes += size_of(child);
  return bytes;
}

} // namespace

bool search_contexts::is_too_big() const {
  size_t bytes = 0;
  for (const search_context& context : list_) {
    bytes += size_of(context.key);
    for (const search_context::member& each : context.members) bytes += sizeof each + each.sort_key.size();
  }
  return bytes > max_context_bytes;
}

number_ranges search_contexts::take_changed(const mailbox_view& view) {
  number_ranges changed;
  std::map<uint32_t, modseq> now;
  uint32_t last = 0; // the sequence number before, if it is in `changed`
  for (uint32_t sequence = 1; sequence <= view.size(); ++sequence) {
    const message_entry& entry = view.at(sequence);
    const uint32_t page = entry.uid.value / uids_per_page;
    modseq& highest = now[page];
    highest = std::max(highest, entry.modseq);
    // All messages of a page are taken up together, so within one the modification numbers only grow.
    const auto before = seen_.find(page);
    if (before != seen_.end() && !(entry.modseq > before->second)) continue;
    if (last != 0 && last + 1 == sequence)
      changed.back().last = entry.uid.value;
    else
      changed.push_back({entry.uid.value, entry.uid.value});
    last = sequence;
  }
  seen_ = std::move(now);
  version_ = view.version();
  return changed;
}

std::vector<context_change> update(search_context& context, const number_ranges& changed,
                                   std::vector<search_context::member> matching, const mailbox_view& view) {
  const bool sorted = !context.criteria.empty();
  const auto by_uid = [](const search_context::member& a, const search_context::member& b) {
    return a.uid < b.uid;
  };
  std::sort(matching.begin(), matching.end(), by_uid);
  std::vector<bool> known(matching.size());
  std::vector<context_change> changes;
  std::vector<search_context::member> left;
  left.reserve(context.members.size());
  for (search_context::member& each : context.members) {
    const auto at = std::lower_bound(matching.begin(), matching.end(), each, by_uid);
    const bool matches = at != matching.end() && at->uid == each.uid;
    if (matches) known[size_t(at - matching.begin())] = true;
    const bool stays = view.sequence_of(each.uid) != 0 && (matches || !contains(changed, each.uid.value));
    if (stays)
      left.push_back(std::move(each));
    else
      changes.push_back({false, sorted ? uint32_t(left.size() + 1) : 0, each.uid});
  }
  context.members = std::move(left);
  std::vector<search_context::member> added;
  for (size_t i = 0; i < matching.size(); ++i)
    if (!known[i]) added.push_back(std::move(matching[i]));
  std::sort(added.begin(), added.end());
  std::vector<search_context::member> merged;
  merged.reserve(context.members.size() + added.size());
  auto old = context.members.begin();
  for (search_context::member& each : added) {
    for (; old != context.members.end() && *old < each; ++old) merged.push_back(std::move(*old));
    changes.push_back({true, sorted ? uint32_t(merged.size() + 1) : 0, each.uid});
    merged.push_back(std::move(each));
  }
  std::move(old, context.members.end(), std::back_inserter(merged));
  context.members = std::move(merged);
  return changes;
}

void freeze(search_key& key) {
  if (key.set.is_saved) {
    key.set.is_saved = false;
    key.set.ranges = std::move(key.ranges);
    key.ranges.clear();
  }
  // What an index knew of all messages would stay as long as the context; few are looked at again.
  key.indexed_to = {};
  key.hits = {};
  for (search_key& child : key.children) freeze(child);
}

} // namespace stagepost::imap
