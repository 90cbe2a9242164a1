#pragma once

#include "protocols/imap/commands/search_key.hpp"
#include "protocols/imap/commands/sort_key.hpp"
#include "protocols/imap/view.hpp"

#include <map>
#include <string>
#include <vector>

namespace stagepost::imap {

/// A search whose results the client is told about as they change (RFC 5267 4.3).
struct search_context {
  struct member {
    stagepost::uid uid;
    std::string sort_key; ///< empty where nothing is sorted

    friend bool operator<(const member& a, const member& b) {
      const int order = a.sort_key.compare(b.sort_key);
      return order != 0 ? order < 0 : a.uid < b.uid;
    }
  };

  std::string tag; ///< of the command that asked
  search_key key;
  std::vector<sort_criterion> criteria; ///< empty: in the order of the mailbox
  std::vector<member> members;          ///< the results as the client has them, in order
};

/// One result more or less. Positions count from 1, as they are when those before were carried out; 0: where
/// its number belongs.
struct context_change {
  bool added = false;
  uint32_t position = 0;
  stagepost::uid uid;
};

// What the contexts of one connection may be at most: they stay as long as the mailbox is selected.
inline constexpr size_t max_contexts = 8;
inline constexpr size_t max_context_bytes = 4 * 1024 * 1024;

/// The contexts of the selected mailbox, and how far they know it.
class search_contexts {
public:
  bool empty() const { return list_.empty(); }
  std::vector<search_context>& list() { return list_; }
  bool has(std::string_view tag) const;
  /// False where there are too many, or they hold too much.
  bool add(search_context context, const mailbox_view& view);
  void cancel(std::string_view tag);
  bool is_too_big() const;

  /// Whether the view changed since take_changed.
  bool is_stale(const mailbox_view& view) const { return !list_.empty() && version_ != view.version(); }
  /// The UIDs of messages that came or changed since the last time. Linear in the mailbox.
  number_ranges take_changed(const mailbox_view& view);

private:
  std::vector<search_context> list_;
  uint64_t version_ = 0;
  std::map<uint32_t, modseq> seen_; ///< the highest of each page, by its number
};

/// Carries out what became of a context: of the messages `changed`, those in `matching` (by UID) are results
/// now, and members that left the mailbox are not.
std::vector<context_change> update(search_context& context, const number_ranges& changed,
                                   std::vector<search_context::member> matching, const mailbox_view& view);

/// Makes a settled key mean the same later on: "$" becomes what it stood for.
void freeze(search_key& key);

} // namespace stagepost::imap
