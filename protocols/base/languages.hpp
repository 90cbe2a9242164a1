#pragma once

#include <algorithm>
#include <string_view>

namespace stagepost {

/// Languages (ISO 639-1) of whose words we know the stems: those of Snowball 2.2.
inline constexpr std::string_view stemmed_languages[] = {
    "ar", "ca", "da", "de", "el", "en", "es", "eu", "fi", "fr", "ga", "hi", "hu", "hy",
    "id", "it", "lt", "ne", "nl", "no", "pt", "ro", "ru", "sr", "sv", "ta", "tr", "yi"};

inline bool is_stemmed_language(std::string_view code) {
  return std::find(std::begin(stemmed_languages), std::end(stemmed_languages), code) !=
         std::end(stemmed_languages);
}

} // namespace stagepost
