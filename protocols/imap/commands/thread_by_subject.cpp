#include "protocols/imap/commands/thread_tree.hpp"

#include <algorithm>

namespace stagepost::imap {

thread_tree thread_by_subject(std::vector<thread_message> messages) {
  std::sort(messages.begin(), messages.end(), [](const thread_message& a, const thread_message& b) {
    if (const int order = a.subject.compare(b.subject)) return order < 0;
    return a.sent_at != b.sent_at ? a.sent_at < b.sent_at : a.sequence < b.sequence;
  });
  thread_tree tree;
  tree.nodes.resize(messages.size());
  for (uint32_t i = 0; i < messages.size(); ++i) {
    tree.nodes[i].sequence = messages[i].sequence;
    // All but the first are children of the first: there are no grandchildren.
    if (i > 0 && messages[i].subject == messages[tree.roots.back()].subject)
      tree.nodes[tree.roots.back()].children.push_back(i);
    else
      tree.roots.push_back(i);
  }
  std::sort(tree.roots.begin(), tree.roots.end(), [&](uint32_t a, uint32_t b) {
    return messages[a].sent_at != messages[b].sent_at ? messages[a].sent_at < messages[b].sent_at
                                                      : messages[a].sequence < messages[b].sequence;
  });
  return tree;
}

} // namespace stagepost::imap
