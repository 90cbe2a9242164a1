#pragma once

#include "protocols/imap/commands/search_return.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::search {
class fuzzy_needle;
}

namespace stagepost::imap {

enum class search_kind : uint8_t {
  all,      ///< matches everything; NOT of it is what NEW and RECENT mean here
  all_of,   ///< the children, AND
  any_of,   ///< the children, OR
  none_of,  ///< the child, NOT
  sequence, ///< set
  uid,      ///< set
  flag,     ///< number: a system_flag bit
  keyword,  ///< text
  modseq,   ///< number or more
  before,   ///< date: internal date
  on,
  since,
  saved_before, ///< date: when it came into the mailbox
  saved_on,
  saved_since,
  email_id,  ///< text
  thread_id, ///< nothing has one
  older,     ///< number: seconds (RFC 5032)
  younger,
  larger, ///< number
  smaller,
  sent_before, ///< date: Date header
  sent_on,
  sent_since,
  from, ///< text, folded for comparison
  to,
  cc,
  bcc,
  subject,
  header, ///< name, text
  text,   ///< text
  body,
};

/// A search key as a tree.
struct search_key {
  search_kind kind = search_kind::all;
  uint64_t number = 0;
  std::chrono::sys_days date{};
  sequence_set set;
  std::string name;
  std::string text;
  std::vector<search_key> children;
  bool fuzzy = false; ///< stands below FUZZY (RFC 6203); says something of texts only

  // Filled in by `settle` for the selected mailbox.
  number_ranges ranges;
  uint64_t keyword_bit = 0;

  // Filled in by `narrow`: what an index knows of the text, for messages up to indexed_to.
  stagepost::uid indexed_to;
  search_hits hits;
  // Filled in by `sharpen`, of fuzzy texts: shared by copies, which are not used at one time.
  std::shared_ptr<search::fuzzy_needle> needle;

  bool uses_fuzzy() const;
  bool uses_modseq() const;
  bool uses_sequences() const;
  /// Whether it names messages by sequence numbers or "$".
  bool names_selected() const;
};

struct search_request {
  std::optional<search_return> returns;
  search_key key;
};

inline constexpr size_t max_search_depth = 100;
inline constexpr size_t max_search_keys = 1000;
/// Below FUZZY: each word of a message is graded for each of them, which takes longer than to find a
/// substring.
inline constexpr size_t max_fuzzy_texts = 16;

/// The arguments of SEARCH (RFC 3501 6.4.4 with RFC 4731, RFC 5032, RFC 7162 3.1.5), as far as they can be
/// read.
bool parse_search(parser& in, search_request& request);

/// Whether RELEVANCY may be asked for, if it is: RFC 6203 4 and 6 want FUZZY with it.
bool may_ask_relevancy(parser& in, bool asked, const search_key& key);

/// The charset and the keys of SORT and THREAD (RFC 5256 3), to the end of the command.
std::optional<search_key> parse_search_with_charset(parser& in);

} // namespace stagepost::imap
