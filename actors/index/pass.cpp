#include "actors/index/pass.hpp"

#include "protocols/mime/encoding.hpp"
#include "protocols/search/document.hpp"
#include "protocols/search/message_words.hpp"
#include "protocols/search/words.hpp"
#include "storage/blobs.hpp"
#include "storage/index_backlog.hpp"
#include "storage/mailboxes.hpp"

#include <algorithm>
#include <ctime>

namespace stagepost::index {

namespace {

using storage::errc;
using storage::reach;
using storage::word_field;
template <class T>
using result = storage::result<T>;

/// A pass ends when its words take this much, however few messages they are of.
constexpr size_t most_words_bytes = 32 * 1024 * 1024;
/// Octets of one part that are read: the text within the limit is in them, whatever its encoding.
constexpr uint64_t most_part_bytes = 1536 * 1024;
/// Of one message: documents looked into, the octets of their text, and their words, repeated ones too.
constexpr size_t most_documents = 16;
constexpr size_t most_document_text = 1024 * 1024;
constexpr size_t most_document_words = 200'000;
/// Octets of a document that are read at a time; only what they stand for is kept.
constexpr uint64_t document_piece_bytes = 4 * storage::body_chunk_bytes;
/// No document of a message is begun when those before it took so long; then the pass ends, too, and other
/// folders have their turn.
constexpr std::chrono::seconds most_document_time{20};

static_assert(int(search::word_place::body) == int(word_field::body) &&
                  int(search::word_place::header) == int(word_field::header) &&
                  int(search::word_place::subject) == int(word_field::subject) &&
                  int(search::word_place::from) == int(word_field::from) &&
                  int(search::word_place::to) == int(word_field::to) &&
                  int(search::word_place::cc) == int(word_field::cc) &&
                  int(search::word_place::bcc) == int(word_field::bcc) &&
                  int(search::word_place::bcc) < int(word_field::document),
              "places are stored as fields");

std::chrono::nanoseconds thread_cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// The octets of one message, part by part where it is large: attachments are not read.
class message_octets {
public:
  message_octets(const storage::store& in, blob_id body, uint64_t size) : in_(in), body_(body) {
    whole_ = size <= storage::body_chunk_bytes;
    if (whole_) read(0, size);
  }

  bytes_view at(mime::extent where) {
    if (!whole_) {
      cut_ = cut_ || where.size > most_part_bytes;
      read(where.offset, std::min(where.size, most_part_bytes));
      return octets_;
    }
    if (where.offset > octets_.size()) return {};
    return bytes_view(octets_).substr(size_t(where.offset), size_t(where.size));
  }

  /// Whether all that was asked for was there.
  bool complete() const { return !failed_ && !cut_; }

private:
  void read(uint64_t offset, uint64_t size) {
    auto found = storage::read_body(in_, body_, offset, size, reach::disk);
    failed_ = failed_ || !found || found->size() != size;
    octets_ = found ? std::move(*found) : bytes{};
  }

  const storage::store& in_;
  blob_id body_;
  bool whole_ = false;
  bool failed_ = false;
  bool cut_ = false;
  bytes octets_;
};

/// The words of documents that are attached. Those of which nobody gets the text have none: such a message is
/// not looked at again, be it that its document kills the program that reads it.
class document_words {
public:
  document_words(const storage::store& in, uint64_t most_bytes, const document_reader& read)
      : in_(in), most_bytes_(most_bytes), read_(read) {}

  void gather(storage::word_gatherer& words, blob_id body, const mime::digest& digest) {
    size_t documents = 0, text_left = most_document_text, words_left = most_document_words;
    const auto begun = clock::now();
    search::for_each_document(digest, [&](const mime::part& part) {
      const auto encoding = mime::parse_transfer_encoding(part.encoding);
      const auto size = decoded_size(part, encoding);
      if (part.body_size == 0 || size > most_bytes_) return true;
      auto text = text_of(body, part, encoding, size_t(size));
      if (text.size() >= text_left) {
        // Not within a word, which would be another word then.
        const auto blank = text.find_last_of(" \n", text_left);
        text.resize(blank == text.npos ? 0 : blank);
      }
      text_left -= text.size();
      search::for_each_word(search::folded(text), [&](std::string_view word) {
        words.add(word_field::document, word);
        return --words_left > 0;
      });
      ++documents;
      return documents < most_documents && text_left > 0 && words_left > 0 &&
             clock::now() - begun < most_document_time;
    });
    if (documents > 0) time_ += clock::now() - begun;
  }

  /// Whether others should have their turn now.
  bool took_long() const { return time_ >= most_document_time; }

private:
  using clock = std::chrono::steady_clock;

  /// About, and not less.
  static uint64_t decoded_size(const mime::part& part, mime::transfer_encoding encoding) {
    return encoding == mime::transfer_encoding::base64 ? part.body_size / 4 * 3 + 3 : part.body_size;
  }

  std::string text_of(blob_id body, const mime::part& part, mime::transfer_encoding encoding, size_t size) {
    bytes octets;
    octets.reserve(size);
    mime::body_decoder decoder(encoding);
    for (uint64_t at = 0; at < part.body_size; at += document_piece_bytes) {
      const auto wanted = std::min(part.body_size - at, document_piece_bytes);
      const auto piece = storage::read_body(in_, body, part.body_offset + at, wanted, reach::disk);
      if (!piece) return {};
      decoder.feed(*piece, octets);
    }
    decoder.finish(octets);
    return read_(std::move(octets));
  }

  const storage::store& in_;
  uint64_t most_bytes_;
  const document_reader& read_;
  clock::duration time_{};
};

/// A message that is gone by now has no words; one that cannot be read is left to whoever searches.
void gather(storage::word_gatherer& words, const storage::store& in, const storage::backlog_message& message,
            document_words* documents) {
  words.begin(message.id);
  const auto blob = storage::read_blob(in, message.body, reach::disk);
  if (!blob) return words.set_partial();
  const auto digest = mime::decode(blob->digest);
  if (!digest) return words.set_partial();
  message_octets octets(in, message.body, blob->size_bytes);
  const bool all = search::for_each_message_word(
      *digest, [&](mime::extent where) { return octets.at(where); }, {},
      [&](search::word_place place, std::string_view word) { words.add(word_field(place), word); });
  if (!all || !octets.complete()) words.set_partial();
  if (documents != nullptr) documents->gather(words, message.body, *digest);
}

/// Merges until there is nothing to merge, then writes anew what is mostly of messages that are gone.
result<done> tidy(const storage::store& in, mailbox_id folder, const pass_limits& limits,
                  const storage::batch_writer& write) {
  for (;;) {
    const auto state = storage::read_word_index(in, folder, reach::disk);
    if (!state) return state.error();
    const auto [first, count] = storage::segments_to_merge(*state, limits.merge_segments);
    if (count == 0) break;
    if (const auto merged = storage::merge_word_segments(in, folder, first, count, write); !merged)
      return merged;
  }
  for (;;) {
    const auto state = storage::read_word_index(in, folder, reach::disk);
    if (!state) return state.error();
    const auto counters = storage::read_counters(in, folder, reach::disk);
    if (!counters) return counters.error();
    if (state->messages() < counters->messages + limits.gone_messages) return done{};
    const auto gone = state->messages() - counters->messages;
    const auto wasteful = storage::wasteful_segment(in, folder, *state, gone);
    if (!wasteful) return wasteful.error();
    if (*wasteful == state->segments.size()) return done{};
    if (const auto merged = storage::merge_word_segments(in, folder, *wasteful, 1, write); !merged)
      return merged;
  }
}

/// The folder was deleted, maybe while it was indexed.
result<done> forget(const storage::store& in, mailbox_id folder, const storage::batch_writer& write) {
  // Also where there is no list: a pass that was cut off leaves words without one.
  auto last = std::make_shared<storage::batch>(in);
  storage::drop_word_index(*last, folder);
  return write(last);
}

result<pass_report> index_messages(const storage::store& in, mailbox_id folder, const pass_limits& limits,
                                   const std::stop_token& stop, const storage::batch_writer& write,
                                   const document_reader& read_document) {
  pass_report report;
  const auto state = storage::read_word_index(in, folder, reach::disk);
  if (!state) return state.error();
  const auto backlog = storage::read_backlog(in, folder, state->indexed_to, limits.messages);
  if (!backlog) return backlog.error();
  storage::word_gatherer words;
  document_words documents(in, limits.document_bytes, read_document);
  for (const auto& message : backlog->messages) {
    if (stop.stop_requested() || words.size_bytes() > most_words_bytes || documents.took_long()) break;
    gather(words, in, message, read_document ? &documents : nullptr);
    ++report.messages;
  }
  const bool all = report.messages == backlog->messages.size();
  report.more = !all || backlog->more;
  const auto last = report.messages ? backlog->messages[report.messages - 1].id : state->indexed_to;
  const auto indexed_to = report.more ? last : backlog->complete_to;
  if (indexed_to > state->indexed_to) {
    const auto added = storage::add_word_segment(in, folder, words, indexed_to, write);
    if (!added) return added.error();
  }
  if (const auto tidied = tidy(in, folder, limits, write); !tidied) return tidied.error();
  return report;
}

} // namespace

result<pass_report> index_pass(const storage::store& in, mailbox_id folder, const pass_limits& limits,
                               const std::stop_token& stop, const storage::batch_writer& write,
                               const document_reader& read_document) {
  const auto before = thread_cpu_time();
  auto report = index_messages(in, folder, limits, stop, write, read_document);
  // Looked at last: rows written behind the end of the folder go, too.
  const auto counters = storage::read_counters(in, folder, reach::disk);
  if (!counters && counters.error().code == errc::not_found) {
    if (const auto forgotten = forget(in, folder, write); !forgotten) return forgotten.error();
    report = pass_report{};
  }
  if (report) report->cpu_time = thread_cpu_time() - before;
  return report;
}

} // namespace stagepost::index
