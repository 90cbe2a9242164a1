#pragma once

#include "protocols/imap/commands/thread_tree.hpp"
#include "protocols/imap/view.hpp"

namespace stagepost::imap {

class dialogue;

/// Writes threads as RFC 5256 4 has them: "* THREAD (2)(3 6 (4 23)(44 7 96))".
class thread_answer {
public:
  thread_answer() = default;
  thread_answer(thread_tree tree, bool by_uid) : tree_(std::move(tree)), by_uid_(by_uid) {}

  /// Writes on. False where there is more to write than fits one list.
  bool write(dialogue& with, const mailbox_view& view);
  /// Ends the line if it was begun: nothing more will be written.
  void break_off(bytes& out);

private:
  struct level {
    const std::vector<uint32_t>* nodes;
    size_t next = 0; ///< of those that get lists of their own
  };

  void write_member(bytes& out, const mailbox_view& view);

  thread_tree tree_;
  bool by_uid_ = false;
  bool begun_ = false;
  // Instead of recursion: threads may be deep.
  std::vector<level> levels_;
  bool in_list_ = false; ///< a list is open, and `member_` is to be written in it
  uint32_t member_ = 0;
};

} // namespace stagepost::imap
