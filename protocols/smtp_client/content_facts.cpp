#include "protocols/smtp_client/content_facts.hpp"

namespace stagepost::smtp_client {

smtp::body_type body_of(const content_facts& facts) {
  if (facts.is_binary()) return smtp::body_type::binary_mime;
  return facts.eight_bit_octets != 0 ? smtp::body_type::eight_bit_mime : smtp::body_type::seven_bit;
}

void content_scan::feed(bytes_view piece) {
  facts_.size_bytes += piece.size();
  // Without branches, so that the compiler takes many octets at a time.
  uint64_t high = 0;
  for (const char c : piece) high += uint8_t(c) >> 7;
  facts_.eight_bit_octets += high;
  facts_.has_nul = facts_.has_nul || piece.find('\0') != piece.npos;
  newlines_.feed(piece);
}

content_facts content_scan::facts() const {
  auto out = facts_;
  out.has_bare_newline = !newlines_.finish();
  return out;
}

} // namespace stagepost::smtp_client
