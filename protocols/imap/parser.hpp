#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/imap/flags.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// Why a command cannot be carried out as written. The session has a reply for each.
enum class parse_errc : uint8_t {
  syntax = 1,
  invalid_mailbox, ///< a mailbox name that is not modified UTF-7 or over its limits
  unknown_flag,    ///< a system flag we do not have, or too many keywords
  unknown_charset, ///< of SEARCH
  unknown_use,     ///< a special use of CREATE we do not have
  too_complex,     ///< a limit of ours: nesting, number of keys or items
};

/// Reads the words of one command from left to right. What does not fit yields nothing and is noted as the
/// error; where the position is then, nobody may rely on.
class parser {
public:
  /// With `utf8` names of mailboxes are UTF-8 (RFC 6855 3), else modified UTF-7; `rev2` says how to read what
  /// RFC 9051 reads otherwise.
  parser(bytes_view text, char separator, bool utf8 = false, bool rev2 = false)
      : text_(text), separator_(separator), utf8_(utf8), rev2_(rev2) {}

  /// At the end but for spaces, which some clients leave behind.
  bool at_end() const;
  /// at_end, or a syntax error.
  bool end();
  parse_errc error() const { return error_; }
  std::string_view detail() const { return detail_; }
  /// Notes an error; the first one stays. Always false.
  bool fail(parse_errc error, std::string_view detail);
  char separator() const { return separator_; }
  bool is_rev2() const { return rev2_; }
  /// All strings are UTF-8 and none says which charset it is in (RFC 6855 3); rev2 leaves that open.
  bool has_no_charsets() const { return utf8_ && !rev2_; }

  bool take(char c);
  bool peek(char c) const { return at_ < text_.size() && text_[at_] == c; }
  /// One space, or more, as some clients have it; else a syntax error.
  bool space();
  /// The next atom if it is this one, in any case.
  bool take_word(std::string_view word);
  /// These octets if they come next, letters in any case.
  bool take_text(std::string_view text);
  /// `c`, or a syntax error.
  bool expect(char c);

  /// RFC 3501 9 `tag`.
  std::optional<std::string_view> tag();
  std::optional<std::string_view> atom();
  /// The same without noting an error, and without taking it.
  std::string_view peek_atom() const;
  /// All that is left but for spaces at the end.
  std::string_view rest() const;
  /// Letters, digits and dots, maybe none: the name of a FETCH item or section.
  std::string_view item_name();
  std::optional<std::string> string();
  std::optional<std::string> astring();
  /// Present but nothing for NIL.
  std::optional<std::optional<std::string>> nstring();
  std::optional<uint32_t> number();
  std::optional<uint64_t> number64();
  std::optional<imap::sequence_set> sequence_set();
  /// A mailbox name as canonical UTF-8.
  std::optional<std::string> mailbox();
  /// `list-mailbox`: a name with wildcards, as UTF-8 with the wildcards in it.
  std::optional<std::string> pattern();
  /// "(\Seen $Junk)"; with `bare` also without parentheses, as STORE allows.
  std::optional<flag_list> flags(bool bare);
  /// `date`: "1-Feb-1994", quoted or not.
  std::optional<std::chrono::sys_days> date();
  /// `date-time`: " 1-Feb-1994 21:52:25 -0800", always quoted.
  std::optional<instant> date_time();

  /// Whether text() ends in the announcement of a literal that begins here: the message of APPEND.
  bool at_last_literal() const;
  /// Whether a literal was wanted whose octets are not there yet.
  bool ran_into_last_literal() const { return literal_missing_; }

private:
  std::string_view run(bool (*allowed)(char)) const;
  std::optional<std::string> literal();
  std::optional<std::string> quoted();
  std::optional<std::string> decode_name(std::string wire) const;

  bytes_view text_;
  size_t at_ = 0;
  char separator_;
  bool utf8_;
  bool rev2_;
  bool literal_missing_ = false;
  parse_errc error_ = parse_errc::syntax;
  std::string detail_;
};

} // namespace stagepost::imap
