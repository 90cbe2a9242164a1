#include "storage/word_leaf.hpp"

#include "storage/key.hpp"
#include "storage/record.hpp"

namespace stagepost::storage {

namespace {

constexpr uint8_t version = 1;
/// Octets of words in a leaf: small enough that who has them is read quickly, large enough to scan without
/// a step for each few words.
constexpr size_t full_leaf = 16 * 1024;
/// Who has the words of a leaf, before the leaf is closed for that.
constexpr size_t full_postings = 64 * 1024;

void put_bits(bytes& out, const std::vector<uint32_t>& places) {
  bytes bits(places.back() / 8 + 1, '\0');
  for (const uint32_t place : places) bits[place / 8] = char(uint8_t(bits[place / 8]) | (1u << place % 8));
  append_varint(out, uint64_t(bits.size()) << 1 | 1);
  out += bits;
}

} // namespace

bytes word_segment_key(mailbox_id folder, uint32_t segment) {
  bytes key = key::mailbox(folder);
  append_big_endian(key, segment);
  return key;
}

bytes word_row_key(mailbox_id folder, uint32_t segment, index_row row) {
  return word_segment_key(folder, segment) + char(row);
}

bytes word_field_key(mailbox_id folder, uint32_t segment, index_row row, word_field field) {
  return word_row_key(folder, segment, row) + char(field);
}

bytes word_leaf_key(mailbox_id folder, uint32_t segment, index_row row, word_field field, uint32_t leaf) {
  bytes key = word_field_key(folder, segment, row, field);
  append_big_endian(key, leaf);
  return key;
}

bytes encode(const word_index_state& state) {
  record_writer out(version);
  out.number(state.indexed_to.value).number(state.next_segment).number(state.segments.size());
  for (const auto& each : state.segments)
    out.number(each.number)
        .number(each.first.value)
        .number(each.last.value)
        .number(each.messages)
        .number(each.size_bytes);
  return out.take();
}

result<word_index_state> decode_word_index(bytes_view value) {
  record_reader in(value, version);
  word_index_state state;
  state.indexed_to = uid{in.small()};
  state.next_segment = in.small();
  const size_t count = in.count(5);
  for (size_t i = 0; i < count; ++i) {
    word_segment each;
    each.number = in.small();
    each.first = uid{in.small()};
    each.last = uid{in.small()};
    each.messages = in.small();
    each.size_bytes = in.number();
    state.segments.push_back(each);
  }
  if (const auto finished = in.finish("index of a folder"); !finished) return finished.error();
  return state;
}

bytes encode(const segment_messages& messages) {
  record_writer out(version);
  out.number(messages.uids.size());
  uint32_t before = 0;
  size_t partial = 0;
  for (size_t i = 0; i < messages.uids.size(); ++i) {
    const bool is_partial = partial < messages.partial.size() && messages.partial[partial] == i;
    partial += is_partial;
    out.number(uint64_t(messages.uids[i].value - before) << 1 | uint64_t(is_partial));
    before = messages.uids[i].value;
  }
  return out.take();
}

result<segment_messages> decode_segment_messages(bytes_view value) {
  record_reader in(value, version);
  segment_messages out;
  const size_t count = in.count();
  out.uids.reserve(count);
  uint64_t before = 0;
  for (size_t i = 0; i < count && !in.damaged(); ++i) {
    const uint64_t step = in.number();
    if (step >> 33 || before + (step >> 1) > UINT32_MAX || step >> 1 == 0) in.fail();
    before += step >> 1;
    out.uids.push_back(uid{uint32_t(before)});
    if (step & 1) out.partial.push_back(uint32_t(i));
  }
  if (const auto finished = in.finish("messages of an index"); !finished) return finished.error();
  return out;
}

void leaf_builder::add(std::string_view word, const std::vector<uint32_t>& places, uint32_t messages) {
  words.append(word) += '\0';
  ++count;
  // Few are told by the distances between them, many by a bit each.
  if (places.size() >= 8 && places.size() > messages / 12) return put_bits(postings, places);
  bytes distances;
  uint32_t before = 0;
  for (const uint32_t place : places) {
    append_varint(distances, place - before);
    before = place;
  }
  append_varint(postings, uint64_t(distances.size()) << 1);
  postings += distances;
}

bool leaf_builder::is_full() const { return words.size() >= full_leaf || postings.size() >= full_postings; }

bytes leaf_builder::words_row() const { return char(version) + words; }
bytes leaf_builder::postings_row() const { return char(version) + postings; }

result<bytes_view> leaf_words(bytes_view row) {
  if (row.size() < 2 || row[0] != char(version) || row[1] != '\0' || row.back() != '\0')
    return failure<errc>{errc::damaged, "a leaf of a dictionary"};
  return row.substr(1);
}

result<posting_reader> posting_reader::over(bytes_view row) {
  if (row.empty() || row[0] != char(version)) return failure<errc>{errc::damaged, "a leaf of postings"};
  posting_reader made;
  made.rest_ = row.substr(1);
  return made;
}

bool posting_reader::next(bytes_view& octets, bool& as_bits) {
  uint64_t head = 0;
  if (!take_varint(rest_, head) || head >> 1 > rest_.size()) return false;
  as_bits = head & 1;
  octets = rest_.substr(0, size_t(head >> 1));
  rest_.remove_prefix(octets.size());
  return true;
}

bool posting_reader::skip(uint64_t count) {
  bytes_view octets;
  bool as_bits = false;
  while (count-- > 0)
    if (!next(octets, as_bits)) return false;
  return true;
}

bool posting_reader::take(std::vector<uint64_t>& set) {
  bytes_view octets;
  bool as_bits = false;
  if (!next(octets, as_bits)) return false;
  if (as_bits) {
    if (octets.size() > set.size() * 8) return false;
    for (size_t i = 0; i < octets.size(); ++i) set[i / 8] |= uint64_t(uint8_t(octets[i])) << i % 8 * 8;
    return true;
  }
  uint64_t place = 0, step = 0;
  while (!octets.empty()) {
    if (!take_varint(octets, step)) return false;
    place += step;
    if (step > UINT32_MAX || place / 64 >= set.size()) return false;
    set[place / 64] |= uint64_t(1) << place % 64;
  }
  return true;
}

bool posting_reader::take(std::vector<uint32_t>& places, uint32_t messages) {
  bytes_view octets;
  bool as_bits = false;
  if (!next(octets, as_bits)) return false;
  if (as_bits) {
    for (size_t i = 0; i < octets.size(); ++i)
      for (unsigned bit = 0; bit < 8; ++bit)
        if (uint8_t(octets[i]) >> bit & 1) places.push_back(uint32_t(i * 8 + bit));
    return places.empty() || places.back() < messages;
  }
  uint64_t place = 0, step = 0;
  while (!octets.empty()) {
    if (!take_varint(octets, step)) return false;
    place += step;
    if (step > UINT32_MAX || place >= messages) return false;
    places.push_back(uint32_t(place));
  }
  return true;
}

} // namespace stagepost::storage
