#include "protocols/imap/view.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

bool by_number(const mailbox_page_ptr& page, uint32_t number) { return page->number < number; }

} // namespace

mailbox_view::mailbox_view(std::string name, selected_mailbox opened, bool read_only)
    : name_(std::move(name)), id_(opened.id), read_only_(read_only), rights_(opened.rights),
      uid_validity_(opened.uid_validity), uid_next_(opened.uid_next), first_unknown_(opened.uid_next),
      highest_modseq_(opened.highest_modseq), keywords_(std::move(opened.keywords)),
      pages_(std::move(opened.pages)) {
  std::erase_if(pages_, [](const mailbox_page_ptr& page) { return page->entries.empty(); });
  recount();
  if (!pages_.empty()) last_uid_ = pages_.back()->entries.back().uid;
  announced_ = size();
}

const message_entry& mailbox_view::at(uint32_t sequence) const {
  const auto begin_of = [this](size_t index) { return index ? ends_[index - 1] : 0; };
  if (last_page_ >= ends_.size() || sequence > ends_[last_page_] || sequence <= begin_of(last_page_))
    last_page_ = size_t(std::lower_bound(ends_.begin(), ends_.end(), sequence) - ends_.begin());
  return pages_[last_page_]->entries[sequence - begin_of(last_page_) - 1];
}

uint32_t mailbox_view::first_at_or_after(stagepost::uid uid) const {
  const size_t index = index_of(uid.value / uids_per_page);
  const uint32_t before = index ? ends_[index - 1] : 0;
  if (index == pages_.size()) return before + 1;
  last_page_ = index;
  return before + uint32_t(stagepost::first_at_or_after(*pages_[index], uid)) + 1;
}

uint32_t mailbox_view::sequence_of(stagepost::uid uid) const {
  const uint32_t sequence = first_at_or_after(uid);
  return sequence <= size() && at(sequence).uid == uid ? sequence : 0;
}

uint32_t mailbox_view::first_unseen() const {
  uint32_t sequence = 0;
  for (const mailbox_page_ptr& page : pages_)
    for (const message_entry& entry : page->entries) {
      ++sequence;
      if (!(entry.flags & flag_seen)) return sequence;
    }
  return 0;
}

bool mailbox_view::select(const sequence_set& set, bool by_uid, number_ranges& found) const {
  found.clear();
  if (set.is_saved) {
    found = sequences_of(saved_);
    return true;
  }
  if (!by_uid && size() == 0) {
    // "1:*" of an empty mailbox asks for nothing, and clients do.
    return std::all_of(set.ranges.begin(), set.ranges.end(),
                       [](const number_range& range) { return range.first == 0 || range.last == 0; });
  }
  if (!by_uid) {
    found = resolve(set, size());
    return found.empty() || found.back().last <= size();
  }
  found = sequences_of(resolve(set, size() ? at(size()).uid.value : 0));
  return true;
}

number_ranges mailbox_view::sequences_of(const number_ranges& uids) const {
  number_ranges found;
  for (const number_range& range : uids) {
    const uint32_t first = first_at_or_after(stagepost::uid{range.first});
    const uint32_t end =
        range.last == UINT32_MAX ? size() + 1 : first_at_or_after(stagepost::uid{range.last + 1});
    if (first >= end) continue;
    if (!found.empty() && found.back().last + 1 == first)
      found.back().last = end - 1;
    else
      found.push_back({first, end - 1});
  }
  return found;
}

void mailbox_view::queue(mailbox_update update) {
  for (mailbox_page_ptr& page : update.changed) {
    const uint32_t number = page->number;
    waiting_[number] = std::move(page);
  }
  if (!update.renamed_to.empty()) name_ = std::move(update.renamed_to);
  if (update.uid_next > uid_next_) uid_next_ = update.uid_next;
  if (update.highest_modseq > highest_modseq_) highest_modseq_ = update.highest_modseq;
  if (update.keywords.size() > keywords_.size()) {
    keywords_ = std::move(update.keywords);
    keywords_grew_ = true;
  }
}

bool mailbox_view::has_news(bool with_expunges) const {
  return !waiting_.empty() || keywords_grew_ || announced_ != size() || (with_expunges && !held_.empty());
}

bool mailbox_view::take_news(bool with_expunges, news_listener& listener) {
  if (with_expunges) {
    // What waits is newer than what was held back.
    waiting_.merge(held_);
    held_.clear();
  }
  if (waiting_.empty()) return true;
  int64_t shift = 0;
  bool enough = false;
  while (!waiting_.empty() && !enough) {
    const mailbox_page_ptr page = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    shift += take_page(page, with_expunges, shift, listener);
    enough = !listener.wants_more();
  }
  std::erase_if(pages_, [](const mailbox_page_ptr& page) { return page->entries.empty(); });
  recount();
  return waiting_.empty();
}

void mailbox_view::take_news_of(stagepost::uid first, stagepost::uid last, news_listener& listener) {
  int64_t shift = 0;
  auto at = waiting_.lower_bound(first.value / uids_per_page);
  if (at == waiting_.end() || at->first > last.value / uids_per_page) return;
  while (at != waiting_.end() && at->first <= last.value / uids_per_page) {
    shift += take_page(at->second, false, shift, listener);
    at = waiting_.erase(at);
  }
  recount();
}

size_t mailbox_view::index_of(uint32_t page_number) const {
  if (last_page_ < pages_.size() && pages_[last_page_]->number == page_number) return last_page_;
  return size_t(std::lower_bound(pages_.begin(), pages_.end(), page_number, by_number) - pages_.begin());
}

/// Puts `now` in the place of the page of its number. Pages come in order within a round; `shift` is by how
/// much those before it grew in this round, since ends_ is counted anew only at the end of the round. Returns
/// by how much this one grew.
int64_t mailbox_view::take_page(const mailbox_page_ptr& now, bool with_expunges, int64_t shift,
                                news_listener& listener) {
  static const mailbox_page nothing;
  ++version_;
  const size_t index = index_of(now->number);
  const bool known = index < pages_.size() && pages_[index]->number == now->number;
  const mailbox_page_ptr held = known ? pages_[index] : nullptr;
  const auto& before = (held ? *held : nothing).entries;
  uint32_t sequence =
      uint32_t((index && !ends_.empty() ? ends_[std::min(index, ends_.size()) - 1] : 0) + shift);

  mailbox_page merged;
  merged.number = now->number;
  merged.entries.reserve(std::max(before.size(), now->entries.size()));
  bool ghosts = false;    // expunged, but the client must not hear of it yet
  bool intruders = false; // a UID below one we had: would shift numbers the client already uses
  auto old_entry = before.begin();
  stagepost::uid newest = last_uid_;
  for (auto entry = now->entries.begin(); old_entry != before.end() || entry != now->entries.end();) {
    if (entry == now->entries.end() || (old_entry != before.end() && old_entry->uid < entry->uid)) {
      if (with_expunges) {
        // What it was never told of, it need not be told is gone.
        if (sequence < announced_) {
          --announced_;
          listener.on_message_expunged(sequence + 1, old_entry->uid);
        }
      } else {
        ghosts = true;
        merged.entries.push_back(*old_entry);
        ++sequence;
      }
      ++old_entry;
      continue;
    }
    if (old_entry != before.end() && old_entry->uid == entry->uid) {
      ++sequence;
      merged.entries.push_back(*entry);
      if (sequence <= announced_ && !(*old_entry == *entry))
        listener.on_changed(sequence, *old_entry, *entry);
      ++old_entry;
    } else if (entry->uid > last_uid_) {
      ++sequence;
      merged.entries.push_back(*entry);
      newest = std::max(newest, entry->uid);
    } else {
      intruders = true;
    }
    ++entry;
  }
  last_uid_ = newest;
  const int64_t grew = int64_t(merged.entries.size()) - int64_t(before.size());
  if (ghosts)
    held_[now->number] = now;
  else
    held_.erase(now->number);
  mailbox_page_ptr taken =
      ghosts || intruders ? std::make_shared<const mailbox_page>(std::move(merged)) : now;
  if (known)
    pages_[index] = std::move(taken);
  else if (!taken->entries.empty())
    pages_.insert(pages_.begin() + ptrdiff_t(index), std::move(taken));
  return grew;
}

void mailbox_view::recount() {
  ends_.resize(pages_.size());
  uint32_t count = 0;
  for (size_t i = 0; i < pages_.size(); ++i) ends_[i] = count += uint32_t(pages_[i]->entries.size());
}

} // namespace stagepost::imap
