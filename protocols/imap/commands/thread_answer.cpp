#include "protocols/imap/commands/thread_answer.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

bool thread_answer::write(dialogue& with, const mailbox_view& view) {
  if (!begun_) {
    with.text() += tree_.roots.empty() ? "* THREAD" : "* THREAD ";
    levels_.push_back({&tree_.roots});
    begun_ = true;
  }
  while (!levels_.empty()) {
    if (with.out().has_enough()) return false;
    bytes& out = with.text();
    level& innermost = levels_.back();
    if (in_list_) {
      write_member(out, view);
    } else if (innermost.next < innermost.nodes->size()) {
      member_ = (*innermost.nodes)[innermost.next++];
      in_list_ = true;
      out += '(';
    } else {
      levels_.pop_back();
      if (!levels_.empty()) out += ')';
    }
  }
  with.text() += "\r\n";
  begun_ = false;
  return true;
}

void thread_answer::break_off(bytes& out) {
  if (begun_) out += "\r\n";
  begun_ = false;
}

/// The next member of the open list: one child goes on in the list, several get lists of their own.
void thread_answer::write_member(bytes& out, const mailbox_view& view) {
  const thread_tree::node& node = tree_.nodes[member_];
  if (node.sequence != 0) write_number(out, by_uid_ ? view.at(node.sequence).uid.value : node.sequence);
  if (node.sequence != 0 && !node.children.empty()) out += ' ';
  in_list_ = node.children.size() == 1;
  if (in_list_)
    member_ = node.children.front();
  else if (node.children.empty())
    out += ')';
  else
    levels_.push_back({&node.children});
}

} // namespace stagepost::imap
