#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace stagepost::storage {

// The words of the messages of a folder: family `word_index`. A folder's index is a list of segments; a
// segment has the words of some messages, in UID order, as a dictionary and for each word who has it.
// Segments are never changed: new messages make a new one, several small ones are merged into one, and then
// messages that are gone are left out. storage/README.md says why so.
//
// One writer at a time for each folder, whoever it is; readers are never in its way.

/// What a word was found in. A word of several fields is kept for each. On disk: never renumber.
/// `document`: of attached documents, which nobody reads again to search them.
enum class word_field : uint8_t { body = 0, header, subject, from, to, cc, bcc, document };
inline constexpr size_t word_fields = 8;

using word_field_set = uint8_t; ///< bit n: field n
constexpr word_field_set bit_of(word_field field) { return word_field_set(1u << unsigned(field)); }

/// A segment as the folder's list has it.
struct word_segment {
  uint32_t number = 0;
  uid first; ///< UIDs of its messages
  uid last;
  uint32_t messages = 0; ///< gone ones too
  uint64_t size_bytes = 0;

  friend bool operator==(const word_segment&, const word_segment&) = default;
};

/// How far a folder is indexed. Messages up to `indexed_to` are in a segment, or were gone already.
struct word_index_state {
  uid indexed_to;
  uint32_t next_segment = 1;
  std::vector<word_segment> segments; ///< in UID order

  uint64_t messages() const;
  uint64_t size_bytes() const;

  friend bool operator==(const word_index_state&, const word_index_state&) = default;
};

/// A folder that was never indexed has an empty state.
result<word_index_state> read_word_index(const store&, mailbox_id folder, reach);

/// The words of the messages of one pass, in memory.
class word_gatherer {
public:
  word_gatherer();

  /// The words that follow are of this message; UIDs ascend.
  void begin(uid id);
  /// Words have no octet 0 and less than 256 octets.
  void add(word_field field, std::string_view word);
  /// Not all of the message's words are here: it will always have to be looked at.
  void set_partial() { messages_.back().partial = true; }

  size_t messages() const { return messages_.size(); }
  /// About what the words take of memory.
  size_t size_bytes() const { return arena_.size() + words_.size() * sizeof(word) + postings_bytes_; }

private:
  friend class word_segments;
  struct word {
    uint32_t at = 0; ///< in the arena: field, then the word
    uint32_t size = 0;
    uint32_t hash = 0;
    uint32_t last = 0; ///< message that has it
    bytes messages;    ///< varint distances
  };
  struct message {
    uid id;
    bool partial = false;
  };
  std::string_view text_of(const word& each) const {
    return std::string_view(arena_).substr(each.at, each.size);
  }
  void grow();

  std::vector<message> messages_;
  std::string arena_;
  std::vector<word> words_;
  std::vector<uint32_t> table_; ///< open addressing: number of a word plus one
  size_t postings_bytes_ = 0;
};

/// Makes a batch durable before it answers. Of one change of an index several batches come, all but the last
/// of which can be lost without harm.
using batch_writer = std::function<result<done>(std::shared_ptr<batch>)>;

/// Adds what was gathered as a segment and moves the mark; `gathered` may be empty.
result<done> add_word_segment(const store&, mailbox_id folder, const word_gatherer& gathered, uid indexed_to,
                              const batch_writer& write);

/// Merges the segments `first` to `first + count - 1` of the list into one without the messages that are
/// gone. Reads and writes in steps of a megabyte.
result<done> merge_word_segments(const store&, mailbox_id folder, size_t first, size_t count,
                                 const batch_writer& write);

/// Which segments to merge: the newest, when `fan_in` of them are of like size, with the smaller ones between
/// them. {0, 0} when there is nothing to do. So each message is merged a number of times that grows with the
/// logarithm of the folder.
std::pair<size_t, size_t> segments_to_merge(const word_index_state& state, size_t fan_in);

/// A segment that has so many messages is not merged any more.
inline constexpr uint64_t largest_merge = 150'000;

/// The first segment of which an eighth or more of the messages is gone; segments.size() when there is none.
/// `gone`: how many are gone of all; segments too large for that are not read.
result<size_t> wasteful_segment(const store&, mailbox_id folder, const word_index_state& state,
                                uint64_t gone);

/// Forgets all of a folder's index: it is made anew from its messages.
void drop_word_index(batch& b, mailbox_id folder);

/// Folders that have an index, from `from` on, at most `limit`.
result<std::vector<mailbox_id>> indexed_folders(const store&, mailbox_id from, size_t limit);

/// How well a word of a field fits, from 0, not at all, to 100.
using word_grader = std::function<uint8_t(word_field, std::string_view)>;

/// What to look for. A pattern is part of a word; an octet 0 at an end stands for that end of the word.
struct word_question {
  word_field_set fields = 0;
  std::vector<bytes> patterns; ///< all must be found
  bool exact = false;          ///< whoever has such a word is found; otherwise may be
  /// None, or one for each pattern: of the words that have it only those are found that are graded above 0.
  /// Then messages of which not all words are known are never sure.
  std::vector<word_grader> graders = {};
  /// Without graders: who has all patterns in his documents is found by that, too, and needs no look. With
  /// them the field is one of `fields`.
  bool documents = false;
};

struct uid_run {
  uint32_t first = 0;
  uint32_t last = 0;

  friend bool operator==(const uid_run&, const uid_run&) = default;
};

struct scored_run {
  uint32_t first = 0;
  uint32_t last = 0;
  uint8_t score = 0;

  friend bool operator==(const scored_run&, const scored_run&) = default;
};

/// Ascending, up to the `indexed_to` of the answer. Messages in neither do not have it. Gone messages may be
/// in both.
struct word_hits {
  std::vector<uid_run> sure;
  std::vector<uid_run> maybe;
  std::vector<scored_run> scores; ///< of the sure, where words are graded: the mean of the best of each
};

struct word_answer {
  uid indexed_to;
  std::vector<word_hits> hits; ///< for each question
};

/// Looks for words in a folder. Costs the size of its dictionaries, and what the words found have.
result<word_answer> search_words(const store&, mailbox_id folder, const std::vector<word_question>& questions,
                                 reach);

} // namespace stagepost::storage
