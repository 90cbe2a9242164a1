#include "protocols/sasl/user_text.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::sasl {

bool is_user_text(bytes_view text) {
  if (text.empty() || text.size() > max_user_text_bytes || !is_utf8(text)) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octet = uint8_t(text[i]);
    if (octet < 0x20 || octet == 0x7f) return false;
    if (octet == 0xc2 && uint8_t(text[i + 1]) < 0xa0) return false; // U+0080 to U+009F, RFC 3454 C.2.2
  }
  return true;
}

} // namespace stagepost::sasl
