#include "protocols/mime/collation.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"

#include <algorithm>
#include <cstdint>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace stagepost::mime {

std::string casemap_key(std::string_view utf8) {
  if (is_ascii(utf8)) return ascii_upper(utf8);
  // ICU counts in int32_t; a text that long is cut rather than refused.
  const int32_t size = int32_t(std::min<size_t>(utf8.size(), INT32_MAX / 4));
  std::string titled;
  titled.reserve(utf8.size());
  for (int32_t at = 0; at < size;) {
    UChar32 character = 0;
    U8_NEXT(utf8.data(), at, size, character);
    if (character < 0) character = 0xfffd;
    character = u_totitle(character);
    uint8_t octets[U8_MAX_LENGTH];
    int32_t length = 0;
    U8_APPEND_UNSAFE(octets, length, character);
    titled.append(reinterpret_cast<const char*>(octets), size_t(length));
  }
  UErrorCode status = U_ZERO_ERROR;
  const auto* decomposing = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status)) return titled;
  std::string out;
  out.reserve(titled.size());
  icu::StringByteSink<std::string> sink(&out);
  decomposing->normalizeUTF8(0, icu::StringPiece(titled.data(), int32_t(titled.size())), sink, nullptr,
                             status);
  return U_FAILURE(status) ? titled : out;
}

std::string find_key(std::string_view utf8) {
  return ascii_lower(is_ascii(utf8) ? utf8 : casemap_key(search_key(utf8)));
}

} // namespace stagepost::mime
