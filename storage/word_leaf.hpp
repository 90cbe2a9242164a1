#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"
#include "storage/word_index.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace stagepost::storage {

// The rows of a segment. On disk: changed by a new version octet only.
//
//   folder(8)                                   the list of segments (word_index_state)
//   folder(8) segment(4) 1                      its messages
//   folder(8) segment(4) 2 field(1) leaf(4)     a leaf of the dictionary: "\0" word "\0" word … "\0", sorted
//   folder(8) segment(4) 3 field(1) leaf(4)     who has the words of that leaf, in its order

enum class index_row : uint8_t { messages = 1, words = 2, postings = 3 };

bytes word_segment_key(mailbox_id folder, uint32_t segment);
bytes word_row_key(mailbox_id folder, uint32_t segment, index_row row);
bytes word_field_key(mailbox_id folder, uint32_t segment, index_row row, word_field field);
bytes word_leaf_key(mailbox_id folder, uint32_t segment, index_row row, word_field field, uint32_t leaf);

bytes encode(const word_index_state&);
result<word_index_state> decode_word_index(bytes_view);

/// The messages of a segment by their place in it.
struct segment_messages {
  std::vector<uid> uids;
  std::vector<uint32_t> partial; ///< places
};
bytes encode(const segment_messages&);
result<segment_messages> decode_segment_messages(bytes_view);

/// Words gather here until they fill a leaf.
struct leaf_builder {
  bytes words = bytes(1, '\0');
  bytes postings;
  uint32_t count = 0;

  /// `places` ascend and are below `messages`.
  void add(std::string_view word, const std::vector<uint32_t>& places, uint32_t messages);
  bool is_full() const;
  bytes words_row() const;
  bytes postings_row() const;
};

/// The words of a leaf as they are scanned, from the first octet 0 to the last.
result<bytes_view> leaf_words(bytes_view row);

/// Goes over who has the words of a leaf, in order.
class posting_reader {
public:
  static result<posting_reader> over(bytes_view row);

  /// Passes over `count` words. False when there are not so many.
  bool skip(uint64_t count);
  /// Adds the places of the next word to `set`, a bit each.
  bool take(std::vector<uint64_t>& set);
  /// Appends the places of the next word to `places`, all of them below `messages`.
  bool take(std::vector<uint32_t>& places, uint32_t messages);

private:
  bool next(bytes_view& octets, bool& as_bits);
  bytes_view rest_;
};

} // namespace stagepost::storage
