#include "protocols/imap/commands/thread_tree.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace stagepost::imap {

namespace {

constexpr uint32_t none = UINT32_MAX;

/// The steps of RFC 5256 3 "REFERENCES", over nodes by number: the messages first, in their order, then those
/// that are only spoken of (dummies).
class reference_threader {
public:
  explicit reference_threader(std::vector<thread_message> messages) : messages_(std::move(messages)) {}

  thread_tree run() {
    link_all();
    prune();
    sort_roots(); // step 4
    gather_subjects();
    for (auto& node : tree_.nodes)
      if (node.sequence != 0) sort(node.children);
    sort_roots(); // step 6
    return std::move(tree_);
  }

private:
  bool is_dummy(uint32_t node) const { return node >= messages_.size(); }

  // -- step 1

  void link_all() {
    parents_.assign(messages_.size(), none);
    // An id names the first message that has it.
    for (uint32_t i = 0; i < messages_.size(); ++i)
      if (!messages_[i].message_id.empty()) by_id_.emplace(messages_[i].message_id, i);
    for (uint32_t i = 0; i < messages_.size(); ++i) {
      uint32_t before = none;
      for (const std::string& id : messages_[i].references) {
        const uint32_t named = node_of(id);
        // Part A: what is linked already stays as it is.
        if (before != none && parents_[named] == none) link(before, named);
        before = named;
      }
      // Part B: its own last reference knows best, also where there is none.
      parents_[i] = none;
      if (before != none) link(before, i);
    }
  }

  uint32_t node_of(const std::string& id) {
    const auto [at, is_new] = by_id_.emplace(id, uint32_t(parents_.size()));
    if (is_new) parents_.push_back(none);
    return at->second;
  }

  /// Not where it would close a loop, nor where the way up is too long.
  void link(uint32_t parent, uint32_t child) {
    size_t above = 0;
    for (uint32_t at = parent; at != none; at = parents_[at])
      if (at == child || ++above > max_thread_depth) return;
    parents_[child] = parent;
  }

  // -- steps 2 and 3

  /// Hangs each message below the next message above it. What has only dummies above it stays below the
  /// topmost of them, if there are two of them at least.
  void prune() {
    tree_.nodes.resize(parents_.size());
    for (uint32_t i = 0; i < messages_.size(); ++i) tree_.nodes[i].sequence = messages_[i].sequence;
    for (uint32_t i = 0; i < messages_.size(); ++i) {
      uint32_t above = parents_[i];
      while (above != none && is_dummy(above) && parents_[above] != none) above = parents_[above];
      // The way is made short for the next one: a chain of dummies may be as long as the mailbox.
      for (uint32_t at = parents_[i]; at != none && at != above;) {
        const uint32_t next = parents_[at];
        if (is_dummy(at)) parents_[at] = above;
        at = next;
      }
      if (above == none)
        tree_.roots.push_back(i);
      else
        tree_.nodes[above].children.push_back(i);
    }
    for (uint32_t i = uint32_t(messages_.size()); i < parents_.size(); ++i) {
      auto& children = tree_.nodes[i].children;
      if (children.size() == 1)
        tree_.roots.push_back(children.front());
      else if (!children.empty())
        tree_.roots.push_back(i);
      if (children.size() == 1) children.clear();
    }
  }

  // -- steps 4 and 6

  /// The message a node is sorted by: a dummy by its first child.
  const thread_message& shown(uint32_t node) const {
    return messages_[is_dummy(node) ? tree_.nodes[node].children.front() : node];
  }

  void sort(std::vector<uint32_t>& nodes) const {
    std::sort(nodes.begin(), nodes.end(), [&](uint32_t a, uint32_t b) {
      const thread_message &one = shown(a), &other = shown(b);
      return one.sent_at != other.sent_at ? one.sent_at < other.sent_at : one.sequence < other.sequence;
    });
  }

  void sort_roots() {
    for (const uint32_t root : tree_.roots)
      if (is_dummy(root)) sort(tree_.nodes[root].children);
    sort(tree_.roots);
  }

  // -- step 5

  void gather_subjects() {
    std::unordered_map<std::string_view, uint32_t> table;
    for (const uint32_t root : tree_.roots) {
      const thread_message& first = shown(root);
      if (first.subject.empty()) continue;
      const auto [at, is_new] = table.emplace(first.subject, root);
      if (is_new || is_dummy(at->second)) continue;
      if (is_dummy(root) ||
          (messages_[at->second].is_reply_or_forward && !messages_[root].is_reply_or_forward))
        at->second = root;
    }
    std::vector<uint32_t> kept;
    std::unordered_map<uint32_t, uint32_t> replaced; // a root, and the dummy that stands for it now
    for (const uint32_t root : tree_.roots) {
      const std::string& subject = shown(root).subject;
      if (subject.empty()) {
        kept.push_back(root);
        continue;
      }
      uint32_t& known = table.at(subject);
      if (known == root)
        kept.push_back(root);
      else
        merge(known, root, replaced);
    }
    for (uint32_t& root : kept)
      if (const auto at = replaced.find(root); at != replaced.end()) root = at->second;
    tree_.roots = std::move(kept);
  }

  void merge(uint32_t& known, uint32_t root, std::unordered_map<uint32_t, uint32_t>& replaced) {
    auto& nodes = tree_.nodes;
    if (is_dummy(known) && is_dummy(root)) {
      auto& to = nodes[known].children;
      to.insert(to.end(), nodes[root].children.begin(), nodes[root].children.end());
      nodes[root].children.clear();
    } else if (is_dummy(known) ||
               (messages_[root].is_reply_or_forward && !messages_[known].is_reply_or_forward)) {
      nodes[known].children.push_back(root);
    } else {
      nodes.emplace_back().children = {known, root};
      replaced.emplace(known, uint32_t(nodes.size() - 1));
      known = uint32_t(nodes.size() - 1);
    }
  }

  std::vector<thread_message> messages_;
  std::unordered_map<std::string, uint32_t> by_id_;
  std::vector<uint32_t> parents_;
  thread_tree tree_;
};

} // namespace

thread_tree thread_by_references(std::vector<thread_message> messages) {
  return reference_threader(std::move(messages)).run();
}

} // namespace stagepost::imap
