#include "storage/key.hpp"
#include "storage/records.hpp"
#include "storage/verify_view.hpp"
#include "storage/word_leaf.hpp"

namespace stagepost::storage {

namespace {

constexpr size_t list_key_size = 8;

class index_check {
public:
  index_check(verify_view& view, mailbox_id folder) : view_(view), folder_(folder) {}

  void run(bytes_view value) {
    const auto list = decode_word_index(value);
    if (!list) return view_.find(family::word_index, folder_.value, list.error());
    // Without counters the folder is being deleted, and the indexer forgets it.
    if (const auto counters = view_.get(family::mailbox_state, key::mailbox(folder_)))
      if (const auto read = decode_counters(*counters); read && list->indexed_to >= read->uid_next)
        problem("says it knows messages that did not come yet");
    uid last;
    for (const auto& each : list->segments) {
      if (each.number >= list->next_segment) problem("has a segment whose number is still to be given");
      if (each.first <= last || each.last < each.first) problem("has segments out of order");
      last = each.last;
      segment(each);
    }
    if (last > list->indexed_to) problem("has words of messages it says it does not know");
  }

private:
  void segment(const word_segment& each) {
    const auto name = "segment " + std::to_string(each.number) + " ";
    const auto value = view_.get(family::word_index, word_row_key(folder_, each.number, index_row::messages));
    if (!value) return problem(name + "is not there");
    const auto messages = decode_segment_messages(*value);
    if (!messages) return problem(name + messages.error().detail);
    const auto& uids = messages->uids;
    if (uids.size() != each.messages || uids.empty() || uids.front() != each.first ||
        uids.back() != each.last)
      problem(name + "has other messages than the list says");
  }

  void problem(const std::string& what) { view_.find(family::word_index, folder_.value, what); }

  verify_view& view_;
  mailbox_id folder_;
};

} // namespace

/// The lists of segments and of their messages. Words are not read: an index is made anew from its messages.
void verify_word_index(verify_view& view) {
  // From list to list: the words between them are many.
  for (mailbox_id from{};;) {
    verify_view::cursor at(view, family::word_index, key::mailbox(from), {});
    if (!at.valid() || view.broken()) return;
    const mailbox_id folder{number_at(at.key(), 0)};
    // Rows without a list are what a change left that was cut off.
    if (at.key().size() == list_key_size) index_check(view, folder).run(at.value());
    if (folder.value == UINT64_MAX) return;
    from = mailbox_id{folder.value + 1};
  }
}

} // namespace stagepost::storage
