#pragma once

#include "protocols/base/units.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::imap {

/// What of a message says where it belongs in a thread.
struct thread_message {
  uint32_t sequence = 0;
  instant sent_at;
  std::string subject; ///< the base subject as the collation compares it
  bool is_reply_or_forward = false;
  std::string message_id;              ///< empty: none that can be read
  std::vector<std::string> references; ///< the oldest first; the last is the parent
};

/// Messages as threads: trees of nodes by number.
struct thread_tree {
  struct node {
    uint32_t sequence = 0;          ///< 0: stands for a message that is not there; at the top only
    std::vector<uint32_t> children; ///< in order
  };
  std::vector<node> nodes;
  std::vector<uint32_t> roots; ///< in order
};

/// A link is not made where that many messages hang one below the other already.
inline constexpr size_t max_thread_depth = 1000;
/// References one message may name; of more, the first ones and the last count.
inline constexpr size_t max_references = 500;

/// THREAD=ORDEREDSUBJECT (RFC 5256 3).
thread_tree thread_by_subject(std::vector<thread_message> messages);

/// THREAD=REFERENCES (RFC 5256 3). `messages` are in the order of the mailbox.
thread_tree thread_by_references(std::vector<thread_message> messages);

/// The message ids "<…>" in a field, in order, with quoting and white space taken off (RFC 5256 3): what has
/// no "@" is none.
std::vector<std::string> read_message_ids(std::string_view field, size_t limit = max_references);

} // namespace stagepost::imap
