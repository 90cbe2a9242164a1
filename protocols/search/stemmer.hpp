#pragma once

#include <memory>
#include <string>
#include <string_view>

struct sb_stemmer;

namespace stagepost::search {

/// Takes the endings off the words of one language (Snowball). Not for two threads at a time.
class stemmer {
public:
  /// `language`: one of stemmed_languages; of another each word is its own stem.
  explicit stemmer(std::string_view language);

  /// Of a folded word (message_text.hpp): valid UTF-8, and no longer than the words of a text are.
  std::string stem_of(std::string_view folded);

private:
  struct ending {
    void operator()(sb_stemmer* used) const;
  };
  std::unique_ptr<sb_stemmer, ending> used_;
};

} // namespace stagepost::search
