#pragma once

#include "protocols/base/mailbox_page.hpp"
#include "storage/records.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::mailbox {

/// The messages of one folder and its counters, in memory: what its actor changes before it writes. Pages are
/// replaced, never altered, so whoever looks at an old one may go on. Every change raises the MODSEQ by one.
class contents {
public:
  contents() = default;
  contents(mailbox_pages pages, storage::mailbox_counters counters)
      : pages_(std::move(pages)), counters_(std::move(counters)) {}

  /// What one change did: the pages to be written and told, the messages concerned, and the line for the
  /// change log.
  struct change {
    mailbox_pages pages;
    storage::change_record record;
    bool keywords_grew = false;
  };

  const mailbox_pages& pages() const { return pages_; }
  const storage::mailbox_counters& counters() const { return counters_; }
  const message_entry* find(uid id) const;
  /// Calls `each` for every message, in order.
  void for_each(const std::function<void(const message_entry&)>& each) const;

  struct arrival {
    uint64_t size_bytes = 0;
    uint32_t flags = 0;
    uint64_t keywords = 0;
  };
  /// Adds messages with the next UIDs; the record names them.
  change add(const std::vector<arrival>& arrivals);

  /// What `uids` shall carry; a message already so is left alone. The record names those changed, and is
  /// without UIDs, and the MODSEQ stands, when none was.
  change set_flags(const std::vector<uid>& uids, const std::function<void(message_entry&)>& alter);

  /// Takes messages out. `sizes`: of each, in the order of `uids`, all of which are there.
  change remove(const std::vector<uid>& uids, const std::vector<uint64_t>& sizes);

  /// The bit of a keyword that has one.
  std::optional<unsigned> find_keyword(const std::string& keyword) const;
  /// The bit of a keyword, a new one if need be; nothing when all are taken. `grew` is set when it was new.
  std::optional<unsigned> keyword_bit(const std::string& keyword, bool& grew);
  /// Forgets the newest keywords, which no message carries yet.
  void keep_keywords(size_t count) { counters_.keywords.resize(count); }

private:
  size_t page_index(uint32_t number) const;
  void count(const message_entry& entry, int sign);

  mailbox_pages pages_;
  mutable size_t last_page_ = 0; ///< index of the one asked for last
  storage::mailbox_counters counters_;
};

} // namespace stagepost::mailbox
