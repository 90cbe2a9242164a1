#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// What one may do with a mailbox (RFC 4314 2.1). On disk, as bits: never renumber.
enum class right : uint8_t {
  lookup,     ///< l: LIST shows it
  read,       ///< r: SELECT, STATUS
  seen,       ///< s: \Seen
  write,      ///< w: flags but \Seen and \Deleted
  insert,     ///< i: APPEND and COPY into it
  post,       ///< p: mail to its address; nothing of IMAP asks for it
  create,     ///< k: mailboxes below it
  remove,     ///< x: DELETE, RENAME
  mark,       ///< t: \Deleted
  expunge,    ///< e: EXPUNGE
  administer, ///< a: its access control list
};
inline constexpr size_t right_count = 11;

/// A set of rights.
struct rights {
  uint16_t bits = 0;

  constexpr bool has(right one) const { return bits >> unsigned(one) & 1; }
  constexpr bool has_all(rights others) const { return (bits & others.bits) == others.bits; }
  constexpr bool has_any(rights others) const { return (bits & others.bits) != 0; }
  constexpr bool empty() const { return bits == 0; }
  friend constexpr bool operator==(rights, rights) = default;
};

inline constexpr rights all_rights{(1u << right_count) - 1};

template <class... Rights>
constexpr rights rights_of(Rights... each) {
  return rights{uint16_t((0u | ... | (1u << unsigned(each))))};
}

/// RFC 4314 3.5: one of these lets MYRIGHTS tell of the mailbox at all.
inline constexpr rights rights_to_know =
    rights_of(right::lookup, right::read, right::insert, right::create, right::remove, right::administer);
/// RFC 4314 5.2: with one of these a mailbox is selected for writing.
inline constexpr rights rights_to_change =
    rights_of(right::insert, right::expunge, right::seen, right::write, right::mark);

/// Reads letters, the obsolete "c" (k and x) and "d" (e and t) among them (RFC 4314 2.1.1). Nothing where
/// there is another.
std::optional<rights> parse_rights(std::string_view letters);

/// The letters in the order of the RFC. ACL and MYRIGHTS also have "c" and "d" where any member is there.
std::string to_letters(rights set);
/// The same without those two.
std::string to_standard_letters(rights set);

/// The system flags somebody with these rights may set and clear.
uint32_t settable_flags(rights set);

} // namespace stagepost::imap
