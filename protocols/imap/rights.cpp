#include "protocols/imap/rights.hpp"

#include "protocols/base/mailbox_page.hpp"

namespace stagepost::imap {

namespace {

constexpr std::string_view letters_of_rights = "lrswipkxtea"; // by number of the right
static_assert(letters_of_rights.size() == right_count);

// RFC 4314 2.1.1 leaves it open to which of the two "x" belongs; this is what others have, too.
constexpr rights obsolete_create = rights_of(right::create, right::remove);
constexpr rights obsolete_delete = rights_of(right::mark, right::expunge);

} // namespace

std::optional<rights> parse_rights(std::string_view letters) {
  rights found;
  for (const char letter : letters) {
    if (letter == 'c') {
      found.bits |= obsolete_create.bits;
    } else if (letter == 'd') {
      found.bits |= obsolete_delete.bits;
    } else {
      const size_t number = letters_of_rights.find(letter);
      if (number == letters_of_rights.npos) return std::nullopt;
      found.bits = uint16_t(found.bits | 1u << number);
    }
  }
  return found;
}

std::string to_standard_letters(rights set) {
  std::string letters;
  for (size_t i = 0; i < right_count; ++i)
    if (set.has(right(i))) letters += letters_of_rights[i];
  return letters;
}

std::string to_letters(rights set) {
  std::string letters = to_standard_letters(set);
  if (set.has_any(obsolete_create)) letters += 'c';
  if (set.has_any(obsolete_delete)) letters += 'd';
  return letters;
}

uint32_t settable_flags(rights set) {
  uint32_t flags = 0;
  if (set.has(right::seen)) flags |= flag_seen;
  if (set.has(right::mark)) flags |= flag_deleted;
  if (set.has(right::write)) flags |= ~uint32_t(flag_seen | flag_deleted);
  return flags;
}

} // namespace stagepost::imap
