#include "protocols/sasl/prepare.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/user_text.hpp"

#include <unicode/unistr.h>
#include <unicode/usprep.h>

#include <algorithm>

namespace stagepost::sasl {

namespace {

bool is_printable_ascii(bytes_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// Opened once and never changed, so all threads may use it.
const UStringPrepProfile* profile() {
  static UStringPrepProfile* const opened = [] {
    UErrorCode error = U_ZERO_ERROR;
    auto* made = usprep_openByType(USPREP_RFC4013_SASLPREP, &error);
    return U_SUCCESS(error) ? made : nullptr;
  }();
  return opened;
}

} // namespace

std::optional<std::string> prepare(bytes_view text) {
  if (text.size() > max_user_text_bytes) return std::nullopt;
  if (is_printable_ascii(text)) return std::string(text);
  if (!is_utf8(text) || profile() == nullptr) return std::nullopt;
  const auto given = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
  // NFKC makes at most 18 of one code point.
  icu::UnicodeString prepared;
  const int32_t room = given.length() * 18 + 1;
  UErrorCode error = U_ZERO_ERROR;
  UParseError ignored;
  const auto size = usprep_prepare(profile(), given.getBuffer(), given.length(), prepared.getBuffer(room),
                                   room, USPREP_ALLOW_UNASSIGNED, &ignored, &error);
  prepared.releaseBuffer(U_SUCCESS(error) ? size : 0);
  if (U_FAILURE(error)) return std::nullopt;
  std::string out;
  prepared.toUTF8String(out);
  return out;
}

} // namespace stagepost::sasl
