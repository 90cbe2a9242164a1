#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/word_index.hpp"
#include "storage/word_leaf.hpp"

#include <rocksdb/slice.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace stagepost::storage {

namespace {

/// How many octets of `text` are 0: eight at a time, the compiler does not.
uint64_t zeros_in(std::string_view text) {
  constexpr uint64_t low = 0x7f7f7f7f7f7f7f7f;
  uint64_t found = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t octets;
    std::memcpy(&octets, text.data() + i, 8);
    found += uint64_t(8 - std::popcount((((octets & low) + low) | octets) & ~low));
  }
  for (; i < text.size(); ++i) found += text[i] == '\0';
  return found;
}

/// Calls `each(n, inside)` for the words of a leaf that have the pattern, n counted from 0, ascending; the
/// octet `inside` is one of the word, or its end. memmem is the fast search of the C library;
/// string_view::find stops at each first letter.
template <class Each>
void find_in_leaf(std::string_view words, std::string_view pattern, Each each) {
  size_t at = 0, counted = 0;
  uint64_t before = 0; // octets 0 in front of `counted`
  while (at < words.size()) {
    const auto* hit = static_cast<const char*>(
        memmem(words.data() + at, words.size() - at, pattern.data(), pattern.size()));
    if (!hit) return;
    // The octet 0 that ends the word also begins the next: a hit ends in the word or with it.
    const size_t inside = size_t(hit - words.data()) + (pattern.front() == '\0' ? 1 : 0);
    if (inside == words.size()) return; // the end of the last word begins none
    before += zeros_in(words.substr(counted, inside - counted));
    counted = inside;
    if (!each(before - 1, inside)) return;
    const size_t end = words.find('\0', inside);
    if (end == words.npos) return;
    at = end;
  }
}

class segment_search {
public:
  segment_search(const store& in, mailbox_id folder, const word_segment& segment, reach reach)
      : in_(in), folder_(folder), segment_(segment), reach_(reach) {}

  result<done> search(const std::vector<word_question>& questions, std::vector<word_hits>& hits) {
    rocksdb::PinnableSlice value;
    const auto read = in_.get(family::word_index, word_row_key(folder_, segment_.number, index_row::messages),
                              value, reach_);
    if (!read) return read.error();
    auto messages = decode_segment_messages(to_view(value));
    if (!messages) return messages.error();
    for (size_t i = 0; i < questions.size(); ++i) {
      if (!questions[i].graders.empty()) {
        if (const auto graded = grade(*messages, questions[i], hits[i]); !graded) return graded;
        continue;
      }
      const auto found = find_all(questions[i].patterns, questions[i].fields, messages->uids.size());
      if (!found) return found.error();
      std::vector<uint64_t> in_documents;
      if (questions[i].documents) {
        auto also = find_all(questions[i].patterns, bit_of(word_field::document), messages->uids.size());
        if (!also) return also.error();
        in_documents = std::move(*also);
      }
      tell(*messages, questions[i], *found, in_documents, hits[i]);
    }
    return done{};
  }

private:
  /// Calls `each(field, key, words)` for the leaves of these fields; it answers whether it wants more of the
  /// field.
  template <class Each>
  result<done> for_each_leaf(word_field_set fields, Each each) {
    for (size_t field = 0; field < word_fields; ++field) {
      if (!(fields & bit_of(word_field(field)))) continue;
      const auto prefix = word_field_key(folder_, segment_.number, index_row::words, word_field(field));
      std::optional<failure<errc>> broken;
      const auto scanned =
          in_.scan(family::word_index, prefix, {}, reach_, [&](bytes_view key, bytes_view row) {
            const auto words = leaf_words(row);
            if (!words) {
              broken = words.error();
              return false;
            }
            const auto looked = each(word_field(field), key, *words);
            if (!looked) {
              broken = looked.error();
              return false;
            }
            return *looked;
          });
      if (broken) return *broken;
      if (!scanned) return scanned.error();
    }
    return done{};
  }

  result<done> look(const bytes& pattern, word_field_set fields, size_t messages,
                    std::vector<uint64_t>& has) {
    return for_each_leaf(fields, [&](word_field, bytes_view key, bytes_view words) -> result<bool> {
      const auto looked =
          look_in_leaf(key, words, pattern, [&](posting_reader& who) { return who.take(has); });
      if (!looked) return looked.error();
      return !*looked || !is_full(has, messages);
    });
  }

  /// Who has all of the patterns in these fields, a bit each; empty without patterns.
  result<std::vector<uint64_t>> find_all(const std::vector<bytes>& patterns, word_field_set fields,
                                         size_t messages) {
    const size_t words = (messages + 63) / 64;
    std::vector<uint64_t> found;
    for (const auto& pattern : patterns) {
      std::vector<uint64_t> has(words);
      if (const auto looked = look(pattern, fields, messages, has); !looked) return looked.error();
      if (found.empty())
        found = std::move(has);
      else
        for (size_t w = 0; w < words; ++w) found[w] &= has[w];
    }
    return found;
  }

  /// Each message has the mean of the best grades of the patterns; it must have one of each.
  result<done> grade(const segment_messages& messages, const word_question& question, word_hits& hits) {
    std::vector<uint16_t> sums(messages.uids.size());
    std::vector<bool> in_documents(messages.uids.size(), true); // each word
    for (size_t i = 0; i < question.patterns.size() && i < question.graders.size(); ++i) {
      std::vector<uint8_t> best(messages.uids.size());
      std::vector<bool> here(messages.uids.size());
      const auto looked = look_graded(question.patterns[i], question.graders[i], question.fields, best, here);
      if (!looked) return looked;
      for (size_t place = 0; place < sums.size(); ++place) {
        const bool missing = best[place] == 0 || (i > 0 && sums[place] == 0);
        sums[place] = missing ? 0 : uint16_t(sums[place] + best[place]);
        in_documents[place] = in_documents[place] && here[place];
      }
    }
    tell(messages, question, sums, in_documents, hits);
    return done{};
  }

  result<done> look_graded(const bytes& pattern, const word_grader& grade_of, word_field_set fields,
                           std::vector<uint8_t>& best, std::vector<bool>& in_documents) {
    std::vector<uint32_t> places;
    return for_each_leaf(fields, [&](word_field field, bytes_view key, bytes_view words) -> result<bool> {
      uint8_t grade = 0;
      const auto wanted = [&](size_t inside) {
        const size_t begin = words.rfind('\0', inside - 1) + 1;
        grade = grade_of(field, words.substr(begin, words.find('\0', begin) - begin));
        return grade > 0;
      };
      const auto take = [&](posting_reader& who) {
        places.clear();
        if (!who.take(places, uint32_t(best.size()))) return false;
        for (const uint32_t place : places) {
          best[place] = std::max(best[place], grade);
          if (field == word_field::document) in_documents[place] = true;
        }
        return true;
      };
      const auto looked = look_in_leaf(key, words, pattern, take, wanted);
      if (!looked) return looked.error();
      return true;
    });
  }

  /// Calls `take` for those who have a word with the pattern, of the words that `wanted(inside)` picks. True
  /// when the leaf has such words.
  template <class Take, class Wanted>
  result<bool> look_in_leaf(bytes_view key, bytes_view words, const bytes& pattern, Take take,
                            Wanted wanted) {
    rocksdb::PinnableSlice value;
    std::optional<posting_reader> reader;
    std::optional<failure<errc>> broken;
    uint64_t passed = 0;
    find_in_leaf(words, pattern, [&](uint64_t word, size_t inside) {
      if (!wanted(inside)) return true;
      if (!reader) {
        bytes beside(key);
        beside[8 + 4] = char(index_row::postings);
        if (const auto read = in_.get(family::word_index, beside, value, reach_); !read) {
          broken = read.error();
          return false;
        }
        auto over = posting_reader::over(to_view(value));
        if (!over) {
          broken = over.error();
          return false;
        }
        reader = *over;
      }
      if (!reader->skip(word - passed) || !take(*reader)) {
        broken = failure<errc>{errc::damaged, "a leaf of postings"};
        return false;
      }
      passed = word + 1;
      return true;
    });
    if (broken) return *broken;
    return reader.has_value();
  }

  template <class Take>
  result<bool> look_in_leaf(bytes_view key, bytes_view words, const bytes& pattern, Take take) {
    return look_in_leaf(key, words, pattern, std::move(take), [](size_t) { return true; });
  }

  static bool is_full(const std::vector<uint64_t>& set, size_t messages) {
    uint64_t found = 0;
    for (const uint64_t each : set) found += uint64_t(std::popcount(each));
    return found >= messages;
  }

  static void add(std::vector<uid_run>& runs, uid id) {
    if (!runs.empty() && runs.back().last + 1 == id.value)
      runs.back().last = id.value;
    else
      runs.push_back({id.value, id.value});
  }

  static void add(std::vector<scored_run>& runs, uid id, uint8_t score) {
    if (!runs.empty() && runs.back().last + 1 == id.value && runs.back().score == score)
      runs.back().last = id.value;
    else
      runs.push_back({id.value, id.value, score});
  }

  static void tell(const segment_messages& messages, const word_question& question,
                   const std::vector<uint16_t>& sums, const std::vector<bool>& in_documents,
                   word_hits& hits) {
    size_t partial = 0;
    for (size_t place = 0; place < messages.uids.size(); ++place) {
      const bool is_partial = partial < messages.partial.size() && messages.partial[partial] == place;
      partial += is_partial;
      const uid id = messages.uids[place];
      // Of a partial one a better word may not be known. To read it would not find the words of documents.
      if (sums[place] > 0 && question.exact && (!is_partial || in_documents[place])) {
        add(hits.sure, id);
        add(hits.scores, id, uint8_t(sums[place] / question.patterns.size()));
      } else if (sums[place] > 0 || is_partial) {
        add(hits.maybe, id);
      }
    }
  }

  static void tell(const segment_messages& messages, const word_question& question,
                   const std::vector<uint64_t>& found, const std::vector<uint64_t>& in_documents,
                   word_hits& hits) {
    const auto is_in = [](const std::vector<uint64_t>& set, size_t place) {
      return place / 64 < set.size() && (set[place / 64] >> place % 64 & 1) != 0;
    };
    size_t partial = 0;
    for (size_t place = 0; place < messages.uids.size(); ++place) {
      const bool is_partial = partial < messages.partial.size() && messages.partial[partial] == place;
      partial += is_partial;
      const bool has = question.patterns.empty() || is_in(found, place);
      if ((has && question.exact) || is_in(in_documents, place))
        add(hits.sure, messages.uids[place]);
      else if (has || is_partial)
        add(hits.maybe, messages.uids[place]);
    }
  }

  const store& in_;
  mailbox_id folder_;
  const word_segment& segment_;
  reach reach_;
};

bool has_all(const word_index_state& now, const word_index_state& used) {
  size_t next = 0;
  for (const auto& each : now.segments)
    if (next < used.segments.size() && used.segments[next] == each) ++next;
  // Numbers of segments begin anew when an index is made anew.
  return next == used.segments.size() && now.indexed_to >= used.indexed_to;
}

} // namespace

result<word_answer> search_words(const store& in, mailbox_id folder,
                                 const std::vector<word_question>& questions, reach reach) {
  // A segment may be merged away while it is read: then what was found is no answer, and the new one is read.
  constexpr int attempts = 5;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto state = read_word_index(in, folder, reach);
    if (!state) return state.error();
    word_answer answer{state->indexed_to, std::vector<word_hits>(questions.size())};
    std::optional<failure<errc>> broken;
    for (const auto& segment : state->segments) {
      const auto searched = segment_search(in, folder, segment, reach).search(questions, answer.hits);
      if (!searched) {
        broken = searched.error();
        break;
      }
    }
    if (broken && broken->code == errc::not_cached) return *broken;
    const auto now = read_word_index(in, folder, reach);
    if (!now) return now.error();
    if (!has_all(*now, *state)) continue;
    if (broken) return *broken;
    return answer;
  }
  return word_answer{{}, std::vector<word_hits>(questions.size())};
}

} // namespace stagepost::storage
