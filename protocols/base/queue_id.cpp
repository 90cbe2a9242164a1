#include "protocols/base/queue_id.hpp"

#include "protocols/base/text.hpp"

namespace stagepost {

namespace {

/// Without I, L, O and U, which are taken for others; in ASCII order, so that texts sort like numbers.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t text_size = 13; // 64 bits, five a letter

} // namespace

std::string to_text(queue_id id) {
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 5) out.push_back(alphabet[id.value >> shift & 31]);
  return out;
}

queue_id queue_id_from_text(std::string_view text) {
  if (text.size() != text_size) return {};
  uint64_t value = 0;
  for (const char c : text) {
    const auto at = alphabet.find(ascii_upper(c));
    if (at == alphabet.npos) return {};
    value = value << 5 | at;
  }
  return queue_id(value);
}

} // namespace stagepost
