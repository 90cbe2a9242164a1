#include "actors/mailbox/contents.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::mailbox {

size_t contents::page_index(uint32_t number) const {
  if (last_page_ < pages_.size() && pages_[last_page_]->number == number) return last_page_;
  const auto at = std::lower_bound(pages_.begin(), pages_.end(), number,
                                   [](const mailbox_page_ptr& page, uint32_t n) { return page->number < n; });
  return last_page_ = size_t(at - pages_.begin());
}

const message_entry* contents::find(uid id) const {
  const auto index = page_index(id.value / uids_per_page);
  if (index == pages_.size()) return nullptr;
  const auto& entries = pages_[index]->entries;
  const auto at = first_at_or_after(*pages_[index], id);
  return at < entries.size() && entries[at].uid == id ? &entries[at] : nullptr;
}

void contents::for_each(const std::function<void(const message_entry&)>& each) const {
  for (const auto& page : pages_)
    for (const auto& entry : page->entries) each(entry);
}

void contents::count(const message_entry& entry, int sign) {
  counters_.messages += sign;
  if (!(entry.flags & flag_seen)) counters_.unseen += sign;
  if (entry.flags & flag_deleted) counters_.deleted += sign;
}

contents::change contents::add(const std::vector<arrival>& arrivals) {
  change made;
  made.record.kind = storage::change_kind::added;
  if (arrivals.empty()) return made;
  made.record.modseq = counters_.highest_modseq = modseq(counters_.highest_modseq.value + 1);
  std::shared_ptr<mailbox_page> open;
  for (const auto& each : arrivals) {
    const auto id = counters_.uid_next;
    counters_.uid_next = uid(id.value + 1);
    const auto number = id.value / uids_per_page;
    if (!open || open->number != number) {
      if (!pages_.empty() && pages_.back()->number == number) {
        open = std::make_shared<mailbox_page>(*pages_.back());
        pages_.back() = open;
      } else {
        open = std::make_shared<mailbox_page>();
        open->number = number;
        pages_.push_back(open);
      }
      made.pages.push_back(open);
    }
    open->entries.push_back({id, each.flags, each.keywords, made.record.modseq});
    count(open->entries.back(), 1);
    counters_.size_bytes += each.size_bytes;
    made.record.uids.push_back(id);
    made.record.states.push_back({each.flags, each.keywords});
  }
  return made;
}

contents::change contents::set_flags(const std::vector<uid>& uids,
                                     const std::function<void(message_entry&)>& alter) {
  change made;
  made.record.kind = storage::change_kind::flags;
  const auto next = modseq(counters_.highest_modseq.value + 1);
  for (size_t i = 0; i < uids.size();) {
    const auto number = uids[i].value / uids_per_page;
    const auto index = page_index(number);
    size_t end = i;
    while (end < uids.size() && uids[end].value / uids_per_page == number) ++end;
    if (index == pages_.size() || pages_[index]->number != number) {
      i = end;
      continue;
    }
    std::shared_ptr<mailbox_page> fresh;
    const auto& old = pages_[index]->entries;
    size_t at = 0;
    for (; i < end; ++i) {
      while (at < old.size() && old[at].uid < uids[i]) ++at;
      if (at == old.size() || old[at].uid != uids[i]) continue;
      auto entry = fresh ? fresh->entries[at] : old[at];
      alter(entry);
      if (entry == (fresh ? fresh->entries[at] : old[at])) continue;
      if (!fresh) fresh = std::make_shared<mailbox_page>(*pages_[index]);
      count(fresh->entries[at], -1);
      entry.modseq = next;
      fresh->entries[at] = entry;
      count(entry, 1);
      made.record.uids.push_back(uids[i]);
      made.record.states.push_back({entry.flags, entry.keywords});
    }
    if (fresh) {
      made.pages.push_back(fresh);
      pages_[index] = std::move(fresh); // `old` dies here, it is not used again
    }
  }
  if (!made.record.uids.empty()) made.record.modseq = counters_.highest_modseq = next;
  return made;
}

contents::change contents::remove(const std::vector<uid>& uids, const std::vector<uint64_t>& sizes) {
  change made;
  made.record.kind = storage::change_kind::expunged;
  if (uids.empty()) return made;
  made.record.modseq = counters_.highest_modseq = modseq(counters_.highest_modseq.value + 1);
  made.record.uids = uids;
  for (const auto size : sizes) counters_.size_bytes -= std::min(counters_.size_bytes, size);
  for (size_t i = 0; i < uids.size();) {
    const auto number = uids[i].value / uids_per_page;
    size_t end = i;
    while (end < uids.size() && uids[end].value / uids_per_page == number) ++end;
    const auto index = page_index(number);
    auto fresh = std::make_shared<mailbox_page>();
    fresh->number = number;
    for (const auto& entry : pages_[index]->entries) {
      if (std::binary_search(uids.begin() + ptrdiff_t(i), uids.begin() + ptrdiff_t(end), entry.uid)) {
        count(entry, -1);
        made.record.states.push_back({entry.flags, entry.keywords});
      } else {
        fresh->entries.push_back(entry);
      }
    }
    made.pages.push_back(fresh);
    if (fresh->entries.empty())
      pages_.erase(pages_.begin() + ptrdiff_t(index));
    else
      pages_[index] = fresh;
    i = end;
  }
  return made;
}

std::optional<unsigned> contents::find_keyword(const std::string& keyword) const {
  const auto& known = counters_.keywords;
  for (size_t i = 0; i < known.size(); ++i)
    if (ascii_iequals(known[i], keyword)) return unsigned(i); // RFC 9051 2.3.2: keywords are case-insensitive
  return std::nullopt;
}

std::optional<unsigned> contents::keyword_bit(const std::string& keyword, bool& grew) {
  if (const auto found = find_keyword(keyword)) return found;
  auto& known = counters_.keywords;
  if (known.size() >= max_keywords) return std::nullopt;
  known.push_back(keyword);
  grew = true;
  return unsigned(known.size() - 1);
}

} // namespace stagepost::mailbox
