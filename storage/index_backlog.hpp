#pragma once

#include "storage/store.hpp"

#include <vector>

namespace stagepost::storage {

// What of a store is not in its index of words yet. The marks of the folders say it, so nothing has to be
// remembered that a crash could lose.

struct backlog_message {
  uid id;
  blob_id body;
};

struct message_backlog {
  std::vector<backlog_message> messages; ///< ascending
  bool more = false;                     ///< there may be others behind them
  uid complete_to;                       ///< otherwise: there is nothing up to this one but them
};

/// The messages of a folder above `above`, at most `limit`.
result<message_backlog> read_backlog(const store&, mailbox_id folder, uid above, size_t limit);

/// A piece of the list of folders.
struct folder_step {
  std::vector<mailbox_id> folders;
  std::vector<mailbox_id> damaged; ///< of these the state of the index cannot be read: to be made anew
  std::vector<mailbox_id> unknown; ///< of these nobody knows what they hold: their counters are damaged
  mailbox_id next;                 ///< where the next piece begins; zero at the end
};

/// Folders with messages that are not indexed, `limit` folders looked at from `from` on; with `all` also
/// those where nothing is missing. A damaged record is told and stops nothing.
result<folder_step> folders_behind(const store&, mailbox_id from, size_t limit, bool all);

/// Folders that are gone and still have an index, likewise.
result<folder_step> folders_left_over(const store&, mailbox_id from, size_t limit);

} // namespace stagepost::storage
