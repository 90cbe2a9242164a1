#include "storage/checksum.hpp"
#include "storage/word_index.hpp"

namespace stagepost::storage {

namespace {

constexpr size_t first_table = 1 << 12;

} // namespace

word_gatherer::word_gatherer() : table_(first_table) {}

void word_gatherer::begin(uid id) { messages_.push_back({id, false}); }

void word_gatherer::add(word_field field, std::string_view text) {
  const auto place = uint32_t(messages_.size() - 1);
  const auto hash = uint32_t(checksum(text) + uint64_t(field) * 0x9e3779b9u);
  const size_t mask = table_.size() - 1;
  size_t slot = hash & mask;
  for (; table_[slot]; slot = (slot + 1) & mask) {
    word& known = words_[table_[slot] - 1];
    if (known.hash != hash || known.size != text.size() + 1) continue;
    const auto there = text_of(known);
    if (there.front() != char(field) || there.substr(1) != text) continue;
    if (known.last == place) return;
    const auto before = known.messages.size();
    append_varint(known.messages, place - known.last);
    postings_bytes_ += known.messages.size() - before;
    known.last = place;
    return;
  }
  word added;
  added.at = uint32_t(arena_.size());
  added.size = uint32_t(text.size() + 1);
  added.hash = hash;
  added.last = place;
  append_varint(added.messages, place);
  arena_ += char(field);
  arena_ += text;
  words_.push_back(std::move(added));
  table_[slot] = uint32_t(words_.size());
  if (words_.size() * 2 > table_.size()) grow();
}

void word_gatherer::grow() {
  table_.assign(table_.size() * 2, 0);
  const size_t mask = table_.size() - 1;
  for (size_t i = 0; i < words_.size(); ++i) {
    size_t slot = words_[i].hash & mask;
    while (table_[slot]) slot = (slot + 1) & mask;
    table_[slot] = uint32_t(i + 1);
  }
}

} // namespace stagepost::storage
