#include "protocols/search/message_words.hpp"

#include "protocols/search/words.hpp"

namespace stagepost::search {

namespace {

class walk {
public:
  walk(const word_limits& limits, const std::function<void(word_place, std::string_view)>& each)
      : limits_(limits), each_(each), words_left_(limits.words) {}

  void take(word_place place, std::string text) {
    if (text.size() > limits_.text_bytes) {
      whole_ = false;
      // Not within a word, which would be another word then.
      const auto blank = text.find_last_of(" \n", limits_.text_bytes);
      text.resize(blank == text.npos ? 0 : blank);
    }
    for_each_word(folded(text), [&](std::string_view word) {
      if (words_left_ == 0) return whole_ = false;
      --words_left_;
      each_(place, word);
      return true;
    });
  }

  void take(word_place place, const mime::address_list& list) {
    for (const auto& address : list) take(place, address_text(address));
  }

  bool whole() const { return whole_; }

private:
  const word_limits& limits_;
  const std::function<void(word_place, std::string_view)>& each_;
  size_t words_left_;
  bool whole_ = true;
};

} // namespace

bool for_each_message_word(const mime::digest& message, const octet_source& read, const word_limits& limits,
                           const std::function<void(word_place, std::string_view)>& each) {
  walk words(limits, each);
  // What is short comes first, so that the limit is for the rest.
  if (auto subject = subject_text(message)) words.take(word_place::subject, std::move(*subject));
  words.take(word_place::from, message.envelope.from);
  words.take(word_place::to, message.envelope.to);
  words.take(word_place::cc, message.envelope.cc);
  words.take(word_place::bcc, message.envelope.bcc);
  words.take(word_place::header, header_text(read({0, message.header_size})));
  words.take(word_place::body, body_text(message, read, limits.text_bytes + 1));
  return words.whole();
}

} // namespace stagepost::search
