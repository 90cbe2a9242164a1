#include "protocols/search/stemmer.hpp"

#include "protocols/base/languages.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"

#include <libstemmer.h>

namespace stagepost::search {

namespace {

std::string run(sb_stemmer* used, std::string_view word) {
  const auto* stem =
      sb_stemmer_stem(used, reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  if (!stem) return std::string(word); // no memory
  return {reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(used))};
}

} // namespace

void stemmer::ending::operator()(sb_stemmer* used) const { sb_stemmer_delete(used); }

stemmer::stemmer(std::string_view language)
    : used_(is_stemmed_language(language) ? sb_stemmer_new(std::string(language).c_str(), nullptr)
                                          : nullptr) {}

std::string stemmer::stem_of(std::string_view folded) {
  if (!used_) return std::string(folded);
  if (is_ascii(folded)) return run(used_.get(), folded);
  // What is folded is decomposed, and beyond ASCII in capitals; the algorithms know small letters as one.
  return run(used_.get(), mime::search_key(folded));
}

} // namespace stagepost::search
