#include "protocols/imap/commands/search_walk.hpp"

#include "protocols/imap/commands/search_narrow.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t messages_at_a_time = 64;
/// Messages looked at in the view before others get their turn.
constexpr size_t looks_at_a_time = 16'384;

using truth = match_result::truth;

uint8_t told_score(const match_result& found) { return found.score == no_score ? full_score : found.score; }

number_ranges common(const number_ranges& a, const number_ranges& b) {
  number_ranges both;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const number_range shared{std::max(x->first, y->first), std::min(x->last, y->last)};
    if (shared.first <= shared.last) both.push_back(shared);
    if (x->last < y->last)
      ++x;
    else
      ++y;
  }
  return both;
}

/// The messages a settled key may find, going by the numbers it names.
number_ranges reach_of(const search_key& key, const mailbox_view& view) {
  number_ranges all;
  if (view.size() == 0) return all;
  all.push_back({1, view.size()});
  if (key.kind == search_kind::sequence) return common(all, key.ranges);
  if (key.kind == search_kind::uid) {
    number_ranges found;
    view.select(key.set, true, found);
    return found;
  }
  if (key.kind == search_kind::all_of)
    for (const search_key& child : key.children) all = common(all, reach_of(child, view));
  return all;
}

} // namespace

void search_walk::begin(dialogue& with, const mailbox_view& view, bool elsewhere) {
  elsewhere_ = elsewhere;
  prepare(with, view);
  if (const uint32_t limit = with.settings().message_limit; limit && view.size() > limit) {
    number_ranges reach = reach_of(key_, view);
    limit_code_ = keep_newest(with, view, reach);
    if (!limit_code_.empty()) next_ = reach.front().first;
  }
  auto texts = texts_to_narrow(key_, view.size(), with.settings().languages);
  if (!texts.empty()) return with.ask(narrow_search{std::move(texts), elsewhere});
  look_on(with);
}

uint64_t search_walk::count_reach(const mailbox_view& view) {
  settle(key_, view);
  return count(reach_of(key_, view));
}

void search_walk::on_narrowed(dialogue& with, narrowed known) {
  narrow(key_, std::move(known));
  look_on(with);
}

void search_walk::begin_within(dialogue& with, const mailbox_view& view, const number_ranges& uids) {
  prepare(with, view);
  if (uids.empty()) {
    end_ = next_;
  } else {
    const uint32_t last = uids.back().last;
    next_ = view.first_at_or_after(uid{uids.front().first});
    end_ = last == UINT32_MAX ? view.size() + 1 : view.first_at_or_after(uid{last + 1});
  }
  auto texts = texts_to_narrow(key_, end_ - next_, with.settings().languages);
  if (!texts.empty()) return with.ask(narrow_search{std::move(texts)});
  look_on(with);
}

void search_walk::prepare(dialogue& with, const mailbox_view& view) {
  view_ = &view;
  now_ = with.now();
  settle(key_, view);
  sharpen(key_, with.settings().languages);
  next_ = 1;
  end_ = view.size() + 1;
}

/// How deep a candidate must be read next; nothing when all is known.
std::optional<read_depth> search_walk::depth_for(const candidate& each) const {
  if (each.found.value == truth::unknown) return each.found.needed;
  if (each.found.value == truth::yes && !each.was_read) return wanted_;
  return std::nullopt;
}

void search_walk::on_message(dialogue& with, const message_data& message) {
  if (message.gone || (depth_ >= read_depth::digest && !message.digest)) {
    some_gone_ = true;
    return;
  }
  for (; reading_ < batch_.size(); ++reading_) {
    candidate& each = batch_[reading_];
    if (depth_for(each) != depth_) continue;
    const message_entry& entry = view_->at(each.sequence);
    if (entry.uid != message.uid) continue; // it was gone
    if (each.found.value == truth::unknown)
      each.found = search_subject(each.sequence, entry, now_, message, depth_, with.zone()).match(key_);
    if (each.found.value == truth::yes && wanted_ && depth_ >= *wanted_) {
      listener_.on_read(each.sequence, entry, message, told_score(each.found));
      each.was_read = true;
    }
    ++reading_;
    return;
  }
}

void search_walk::on_read_end(dialogue& with, outcome result) {
  if (result != outcome::done && result != outcome::expunged)
    return listener_.on_searched(with, answer_for(result));
  // Who was not answered for is gone.
  for (candidate& each : batch_) {
    const auto depth = depth_for(each);
    if (depth && *depth <= depth_) each.found.value = truth::no;
  }
  read_on(with);
}

/// Gathers messages until there are enough to read.
void search_walk::look_on(dialogue& with) {
  batch_.clear();
  size_t looks = 0, to_read = 0;
  for (; next_ < end_ && to_read < messages_at_a_time; ++next_) {
    if (++looks > looks_at_a_time) break;
    const message_entry& entry = view_->at(next_);
    if (const uid first = first_possible(key_, entry.uid); first > entry.uid) {
      next_ = view_->first_at_or_after(first) - 1;
      continue;
    }
    const match_result found = search_subject(next_, entry, now_).match(key_);
    if (found.value == truth::no) continue;
    const candidate each{next_, found};
    if (!depth_for(each) && to_read == 0) {
      listener_.on_found(with, next_, told_score(found));
      continue;
    }
    // Kept in order with those that must be read.
    if (depth_for(each)) ++to_read;
    batch_.push_back(each);
  }
  read_on(with);
}

/// Reads those of the batch of which more must be known, the shallow ones first.
void search_walk::read_on(dialogue& with) {
  depth_ = read_depth::whole;
  for (const candidate& each : batch_)
    if (const auto depth = depth_for(each)) depth_ = std::min(depth_, *depth);
  std::vector<uid> uids;
  for (const candidate& each : batch_)
    if (depth_for(each) == depth_) uids.push_back(view_->at(each.sequence).uid);
  reading_ = 0;
  if (!uids.empty()) {
    read_messages wanted{std::move(uids), depth_};
    wanted.elsewhere = elsewhere_;
    return with.ask(std::move(wanted));
  }
  for (const candidate& each : batch_)
    if (each.found.value == truth::yes) listener_.on_found(with, each.sequence, told_score(each.found));
  batch_.clear();
  if (next_ < end_ && !listener_.has_enough()) {
    listener_.on_looked(with, next_ - 1, end_ - 1);
    return with.ask(more{});
  }
  listener_.on_searched(with, some_gone_ ? answer::some_expunged : answer::completed);
}

} // namespace stagepost::imap
