#pragma once

#include "protocols/imap/commands/search_return.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::imap {

enum class fetch_kind : uint8_t {
  uid,
  flags,
  modseq,
  internal_date,
  size,
  envelope,
  body,           ///< BODY without section
  body_structure, ///< and with extension data
  email_id,       ///< RFC 8474
  thread_id,      ///< RFC 8474: never known
  save_date,      ///< RFC 8514
  preview,        ///< RFC 8970
  section,        ///< BODY[…] and the RFC822 forms of it
  binary,         ///< BINARY[…]: without its transfer encoding (RFC 3516)
  binary_size,
};

/// One thing to say about a message.
struct fetch_item {
  struct span {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  enum class field_choice : uint8_t { all, listed, not_listed };

  fetch_kind kind = fetch_kind::flags;
  std::string label; ///< as the response names it: "BODY[1.HEADER]<0>"
  // Of sections only.
  std::vector<uint32_t> numbers;
  mime::section_text text = mime::section_text::body;
  field_choice choice = field_choice::all;
  std::vector<std::string> fields;
  std::optional<span> partial;
  bool sets_seen = false;

  /// What of a message is needed to answer; nothing where the view knows.
  std::optional<read_depth> depth() const;
};

/// What FETCH asks for. `items` holds nothing twice.
struct fetch_request {
  std::vector<fetch_item> items;
  std::optional<modseq> changed_since;
  std::optional<partial_range> partial;
  bool vanished = false; ///< RFC 7162 3.2.6: and what is gone since then

  bool wants(fetch_kind kind) const;
  void add(fetch_item item);
};

inline constexpr size_t max_fetch_items = 200;
inline constexpr size_t max_decoded_items = 8; ///< BINARY and BINARY.SIZE among them
inline constexpr size_t max_section_numbers = 100;
inline constexpr size_t max_section_fields = 500;

/// The items after the sequence set, alone, in a list or as a macro (RFC 3501 6.4.5), and the modifiers of
/// RFC 7162 3.1.4 and RFC 9394 3.3 behind them.
std::optional<fetch_request> parse_fetch_items(parser& in);

/// "(UID FLAGS)": items in a list.
bool parse_fetch_list(parser& in, fetch_request& request);

/// A section up to and with its "]": "1.2.MIME]".
bool parse_section(parser& in, fetch_item& item);
/// "<0.1000>", where there is one.
bool parse_partial(parser& in, fetch_item& item);

} // namespace stagepost::imap
