#include "storage/word_index.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/word_leaf.hpp"

#include <rocksdb/slice.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace stagepost::storage {

namespace {

/// Octets of one batch: a larger one would hold up what others commit.
constexpr size_t batch_bytes = 1 << 20;

/// Writes the leaves of a new segment, in batches.
class segment_writer {
public:
  segment_writer(const store& into, mailbox_id folder, uint32_t number, uint32_t messages,
                 const batch_writer& write)
      : into_(into), folder_(folder), number_(number), messages_(messages), write_(write),
        batch_(std::make_shared<batch>(into)) {}

  /// Words come sorted by field, then by themselves.
  result<done> add(word_field field, std::string_view word, const std::vector<uint32_t>& places) {
    if (places.empty()) return done{};
    if (field != field_ && leaf_.count)
      if (const auto closed = close_leaf(); !closed) return closed;
    field_ = field;
    leaf_.add(word, places, messages_);
    return leaf_.is_full() ? close_leaf() : done{};
  }

  /// The batch that is left, with the messages: whoever gets it puts the list of segments into it.
  result<std::shared_ptr<batch>> finish(const segment_messages& messages) {
    if (leaf_.count)
      if (const auto closed = close_leaf(); !closed) return closed.error();
    put(word_row_key(folder_, number_, index_row::messages), encode(messages));
    return batch_;
  }

  uint64_t size_bytes() const { return size_bytes_; }

private:
  result<done> close_leaf() {
    put(word_leaf_key(folder_, number_, index_row::words, field_, leaves_), leaf_.words_row());
    put(word_leaf_key(folder_, number_, index_row::postings, field_, leaves_), leaf_.postings_row());
    ++leaves_;
    leaf_ = {};
    if (batch_->size_bytes() < batch_bytes) return done{};
    auto written = write_(batch_);
    batch_ = std::make_shared<batch>(into_);
    return written;
  }

  void put(const bytes& key, const bytes& value) {
    batch_access::put(*batch_, family::word_index, key, value);
    size_bytes_ += key.size() + value.size();
  }

  const store& into_;
  mailbox_id folder_;
  uint32_t number_;
  uint32_t messages_;
  const batch_writer& write_;
  std::shared_ptr<batch> batch_;
  leaf_builder leaf_;
  word_field field_ = word_field::body;
  uint32_t leaves_ = 0;
  uint64_t size_bytes_ = 0;
};

/// Goes through the words of a segment in order.
class segment_cursor {
public:
  segment_cursor(const store& in, mailbox_id folder, uint32_t number)
      : in_(&in), folder_(folder), number_(number) {}

  /// Moves to the next word; false at the end.
  result<bool> next() {
    for (;;) {
      if (at_ + 1 < words_.size()) {
        const auto end = words_.find('\0', at_ + 1);
        if (end == words_.npos) return failure<errc>{errc::damaged, "a leaf of a dictionary"};
        word_ = std::string_view(words_).substr(at_ + 1, end - at_ - 1);
        at_ = end;
        return true;
      }
      const auto loaded = load_leaf();
      if (!loaded || !*loaded) return loaded;
    }
  }

  word_field field() const { return field_; }
  std::string_view word() const { return word_; }
  /// Who has the word: once for each word, in order.
  bool take(std::vector<uint32_t>& places, uint32_t messages) { return postings_.take(places, messages); }

private:
  result<bool> load_leaf() {
    const auto prefix = word_row_key(folder_, number_, index_row::words);
    std::optional<failure<errc>> broken;
    bool found = false;
    bytes key_found;
    const auto scanned =
        in_->scan(family::word_index, prefix, next_key_, reach::disk, [&](bytes_view key, bytes_view row) {
          const auto words = leaf_words(row);
          if (!words) {
            broken = words.error();
            return false;
          }
          words_ = *words;
          key_found = key;
          found = true;
          return false;
        });
    if (broken) return *broken;
    if (!scanned) return scanned.error();
    if (!found) return false;
    at_ = 0;
    next_key_ = key_found + '\0';
    field_ = word_field(uint8_t(key_found[prefix.size()]));
    key_found[prefix.size() - 1] = char(index_row::postings);
    rocksdb::PinnableSlice value;
    if (const auto read = in_->get(family::word_index, key_found, value, reach::disk); !read)
      return read.error();
    postings_row_ = to_view(value);
    auto reader = posting_reader::over(postings_row_);
    if (!reader) return reader.error();
    postings_ = *reader;
    return true;
  }

  const store* in_;
  mailbox_id folder_;
  uint32_t number_;
  bytes words_, postings_row_, next_key_;
  size_t at_ = 0;
  std::string_view word_;
  word_field field_ = word_field::body;
  posting_reader postings_;
};

result<segment_messages> read_messages_of(const store& in, mailbox_id folder, uint32_t segment, reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto read =
          in.get(family::word_index, word_row_key(folder, segment, index_row::messages), value, reach);
      !read)
    return read.error();
  return decode_segment_messages(to_view(value));
}

/// Which of `uids` are still in the folder, by the pages.
result<std::vector<bool>> which_live(const store& in, mailbox_id folder, const std::vector<uid>& uids) {
  std::vector<bool> live(uids.size());
  if (uids.empty()) return live;
  std::optional<failure<errc>> broken;
  size_t at = 0;
  const auto scanned =
      in.scan(family::flags, key::mailbox(folder), key::page(folder, uids.front().value / uids_per_page),
              reach::disk, [&](bytes_view key, bytes_view value) {
                const auto page = decode_page(small_number_at(key, 8), value);
                if (!page) {
                  broken = page.error();
                  return false;
                }
                for (const auto& entry : page->entries) {
                  while (at < uids.size() && uids[at] < entry.uid) ++at;
                  if (at == uids.size()) return false;
                  if (uids[at] == entry.uid) live[at] = true;
                }
                return true;
              });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return live;
}

result<std::vector<bytes>> keys_below(const store& in, bytes_view prefix, size_t limit) {
  std::vector<bytes> keys;
  const auto scanned = in.scan(family::word_index, prefix, {}, reach::disk, [&](bytes_view key, bytes_view) {
    keys.emplace_back(key);
    return keys.size() < limit;
  });
  if (!scanned) return scanned.error();
  return keys;
}

/// A change that was cut off has left rows under the number the next one takes.
result<done> clear_number(const store& in, mailbox_id folder, uint32_t number, const batch_writer& write) {
  constexpr size_t at_a_time = 1000;
  for (;;) {
    const auto left = keys_below(in, word_segment_key(folder, number), at_a_time);
    if (!left) return left.error();
    if (left->empty()) return done{};
    auto removal = std::make_shared<batch>(in);
    for (const auto& key : *left) batch_access::remove(*removal, family::word_index, key);
    if (const auto written = write(removal); !written) return written;
  }
}

void put_state(batch& b, mailbox_id folder, const word_index_state& state) {
  batch_access::put(b, family::word_index, key::mailbox(folder), encode(state));
}

/// Which power of `fan_in` a segment has grown to.
size_t tier_of(uint64_t messages, size_t fan_in) {
  size_t tier = 0;
  for (uint64_t size = fan_in; size <= messages; size *= fan_in) ++tier;
  return tier;
}

} // namespace

/// Lets the functions of this file look into a gatherer.
class word_segments {
public:
  static result<done> write(const word_gatherer& gathered, segment_writer& to) {
    std::vector<uint32_t> order(gathered.words_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return gathered.text_of(gathered.words_[a]) < gathered.text_of(gathered.words_[b]);
    });
    std::vector<uint32_t> places;
    for (const uint32_t each : order) {
      const auto& word = gathered.words_[each];
      places.clear();
      bytes_view distances = word.messages;
      uint64_t place = 0;
      for (uint64_t step = 0; take_varint(distances, step);) places.push_back(uint32_t(place += step));
      const auto text = gathered.text_of(word);
      if (const auto added = to.add(word_field(uint8_t(text.front())), text.substr(1), places); !added)
        return added;
    }
    return done{};
  }

  static segment_messages messages_of(const word_gatherer& gathered) {
    segment_messages out;
    for (const auto& each : gathered.messages_) {
      if (each.partial) out.partial.push_back(uint32_t(out.uids.size()));
      out.uids.push_back(each.id);
    }
    return out;
  }
};

uint64_t word_index_state::messages() const {
  uint64_t sum = 0;
  for (const auto& each : segments) sum += each.messages;
  return sum;
}

uint64_t word_index_state::size_bytes() const {
  uint64_t sum = 0;
  for (const auto& each : segments) sum += each.size_bytes;
  return sum;
}

result<word_index_state> read_word_index(const store& in, mailbox_id folder, reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto read = in.get(family::word_index, key::mailbox(folder), value, reach); !read) {
    if (read.error().code == errc::not_found) return word_index_state{};
    return read.error();
  }
  return decode_word_index(to_view(value));
}

result<done> add_word_segment(const store& in, mailbox_id folder, const word_gatherer& gathered,
                              uid indexed_to, const batch_writer& write) {
  auto state = read_word_index(in, folder, reach::disk);
  if (!state) return state.error();
  auto last = std::make_shared<batch>(in);
  if (gathered.messages() > 0) {
    const uint32_t number = state->next_segment++;
    if (const auto cleared = clear_number(in, folder, number, write); !cleared) return cleared;
    const auto messages = word_segments::messages_of(gathered);
    segment_writer out(in, folder, number, uint32_t(messages.uids.size()), write);
    if (const auto written = word_segments::write(gathered, out); !written) return written;
    auto rest = out.finish(messages);
    if (!rest) return rest.error();
    last = *rest;
    state->segments.push_back({number, messages.uids.front(), messages.uids.back(),
                               uint32_t(messages.uids.size()), out.size_bytes()});
  }
  state->indexed_to = indexed_to;
  put_state(*last, folder, *state);
  return write(last);
}

result<done> merge_word_segments(const store& in, mailbox_id folder, size_t first, size_t count,
                                 const batch_writer& write) {
  auto state = read_word_index(in, folder, reach::disk);
  if (!state) return state.error();
  if (first + count > state->segments.size() || count == 0) return done{};
  struct source {
    segment_cursor cursor;
    uint32_t messages;
    std::vector<uint32_t> place; ///< in the new segment; gone ones have `none`
  };
  constexpr uint32_t none = UINT32_MAX;
  std::vector<source> sources;
  segment_messages kept;
  for (size_t i = first; i < first + count; ++i) {
    const auto number = state->segments[i].number;
    const auto messages = read_messages_of(in, folder, number, reach::disk);
    if (!messages) return messages.error();
    const auto live = which_live(in, folder, messages->uids);
    if (!live) return live.error();
    source added{segment_cursor(in, folder, number), uint32_t(messages->uids.size()), {}};
    size_t partial = 0;
    for (size_t place = 0; place < messages->uids.size(); ++place) {
      const bool is_partial = partial < messages->partial.size() && messages->partial[partial] == place;
      partial += is_partial;
      if (!(*live)[place]) {
        added.place.push_back(none);
        continue;
      }
      added.place.push_back(uint32_t(kept.uids.size()));
      if (is_partial) kept.partial.push_back(uint32_t(kept.uids.size()));
      kept.uids.push_back(messages->uids[place]);
    }
    sources.push_back(std::move(added));
  }

  const uint32_t number = state->next_segment++;
  if (const auto cleared = clear_number(in, folder, number, write); !cleared) return cleared;
  segment_writer out(in, folder, number, uint32_t(kept.uids.size()), write);
  // Those of `ahead` stand on a word that is not written yet; few, so the least is looked for among all.
  std::vector<source*> ahead;
  const auto step = [&](source& from) -> result<done> {
    const auto more = from.cursor.next();
    if (!more) return more.error();
    if (!*more) std::erase(ahead, &from);
    return done{};
  };
  for (auto& each : sources) ahead.push_back(&each);
  for (auto& each : sources)
    if (const auto moved = step(each); !moved) return moved;
  std::vector<uint32_t> places, old;
  std::vector<source*> same;
  bytes word;
  while (!ahead.empty()) {
    const auto precedes = [](const source* a, const source* b) {
      if (a->cursor.field() != b->cursor.field()) return a->cursor.field() < b->cursor.field();
      return a->cursor.word() < b->cursor.word();
    };
    const auto* least = *std::min_element(ahead.begin(), ahead.end(), precedes);
    const auto field = least->cursor.field();
    word = least->cursor.word();
    places.clear();
    same.clear();
    for (auto* each : ahead)
      if (each->cursor.field() == field && each->cursor.word() == word) same.push_back(each);
    for (auto* each : same) {
      old.clear();
      if (!each->cursor.take(old, each->messages)) return failure<errc>{errc::damaged, "a leaf of postings"};
      for (const uint32_t place : old)
        if (each->place[place] != none) places.push_back(each->place[place]);
      if (const auto moved = step(*each); !moved) return moved;
    }
    if (const auto added = out.add(field, word, places); !added) return added;
  }
  auto rest = out.finish(kept);
  if (!rest) return rest.error();

  // What was merged goes in the step that puts the new one in its place.
  auto last = *rest;
  for (size_t i = first; i < first + count; ++i) {
    const auto gone = keys_below(in, word_segment_key(folder, state->segments[i].number), SIZE_MAX);
    if (!gone) return gone.error();
    for (const auto& key : *gone) batch_access::remove(*last, family::word_index, key);
  }
  const auto at = state->segments.begin() + ptrdiff_t(first);
  const auto next = state->segments.erase(at, at + ptrdiff_t(count));
  if (kept.uids.empty())
    batch_access::remove(*last, family::word_index, word_row_key(folder, number, index_row::messages));
  else
    state->segments.insert(
        next, {number, kept.uids.front(), kept.uids.back(), uint32_t(kept.uids.size()), out.size_bytes()});
  put_state(*last, folder, *state);
  return write(last);
}

std::pair<size_t, size_t> segments_to_merge(const word_index_state& state, size_t fan_in) {
  fan_in = std::max<size_t>(fan_in, 2);
  const auto& all = state.segments;
  size_t highest = 0;
  for (const auto& each : all) highest = std::max(highest, tier_of(each.messages, fan_in));
  // Sizes that alternate leave small segments between large ones; together they may not be too many either.
  const size_t too_many = fan_in * 3;
  for (size_t tier = 0; tier <= highest; ++tier) {
    uint64_t messages = 0;
    size_t count = 0, alike = 0;
    while (count < all.size()) {
      const auto& each = all[all.size() - 1 - count];
      const size_t its = tier_of(each.messages, fan_in);
      if (its > tier || messages + each.messages > largest_merge) break;
      messages += each.messages;
      ++count;
      alike += its == tier;
    }
    if (alike >= fan_in || count >= too_many) return {all.size() - count, count};
  }
  return {0, 0};
}

result<size_t> wasteful_segment(const store& in, mailbox_id folder, const word_index_state& state,
                                uint64_t gone) {
  for (size_t i = 0; i < state.segments.size(); ++i) {
    if (state.segments[i].messages > gone * 8) continue;
    const auto messages = read_messages_of(in, folder, state.segments[i].number, reach::disk);
    if (!messages) return messages.error();
    const auto live = which_live(in, folder, messages->uids);
    if (!live) return live.error();
    if (size_t(std::count(live->begin(), live->end(), false)) * 8 >= live->size()) return i;
  }
  return state.segments.size();
}

void drop_word_index(batch& b, mailbox_id folder) {
  batch_access::remove_all(b, family::word_index, key::mailbox(folder));
}

result<std::vector<mailbox_id>> indexed_folders(const store& in, mailbox_id from, size_t limit) {
  std::vector<mailbox_id> found;
  for (bytes at = key::mailbox(from); found.size() < limit;) {
    bool any = false;
    const auto scanned = in.scan(family::word_index, {}, at, reach::disk, [&](bytes_view key, bytes_view) {
      any = key.size() >= 8;
      if (any) found.push_back(mailbox_id{number_at(key, 0)});
      return false;
    });
    if (!scanned) return scanned.error();
    if (!any || found.back().value == UINT64_MAX) break;
    at = key::mailbox(mailbox_id{found.back().value + 1});
  }
  return found;
}

} // namespace stagepost::storage
