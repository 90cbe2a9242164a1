#include "storage/key.hpp"
#include "storage/records.hpp"
#include "storage/small_records.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

namespace {

/// What the pages and messages of one mailbox add up to.
struct sums {
  uint32_t messages = 0;
  uint32_t unseen = 0;
  uint32_t deleted = 0;
  uint64_t size_bytes = 0;
};

class mailbox_check {
public:
  mailbox_check(verify_view& view, mailbox_id id) : view_(view), id_(id) {}

  void run() {
    const auto value = view_.get(family::mailbox_state, key::mailbox(id_));
    // A folder without counters has never held a message.
    auto counters = value ? decode_counters(*value) : result<mailbox_counters>(mailbox_counters{});
    if (!counters) return view_.find(family::mailbox_state, id_.value, counters.error());
    counters_ = std::move(*counters);
    pages_against_messages();
    compare(sums_.messages, counters_.messages, "messages");
    compare(sums_.unseen, counters_.unseen, "unseen messages");
    compare(sums_.deleted, counters_.deleted, "deleted messages");
    compare(sums_.size_bytes, counters_.size_bytes, "octets");
    changes();
  }

private:
  void compare(uint64_t counted, uint64_t recorded, const char* what) {
    if (counted != recorded)
      view_.find(family::mailbox_state, id_.value,
                 "has " + std::to_string(counted) + " " + what + ", its counters say " +
                     std::to_string(recorded));
  }

  /// Pages and messages are both in order of UID: one walk over both.
  void pages_against_messages() {
    verify_view::cursor messages(view_, family::messages, key::mailbox(id_));
    for (verify_view::cursor at(view_, family::flags, key::mailbox(id_)); at.valid(); at.next()) {
      const auto number = small_number_at(at.key(), 8);
      const auto page = decode_page(number, at.value());
      if (!page) {
        view_.find(family::flags, id_.value, "page " + std::to_string(number) + ": " + page.error().detail);
        continue;
      }
      if (page->entries.empty())
        view_.find(family::flags, id_.value, "an empty page " + std::to_string(number));
      for (const auto& entry : page->entries) take_entry(entry, messages);
    }
    while (messages.valid()) without_entry(messages);
  }

  void take_entry(const message_entry& entry, verify_view::cursor& messages) {
    while (messages.valid() && uid_of(messages) < entry.uid) without_entry(messages);
    if (!messages.valid() || uid_of(messages) != entry.uid)
      return view_.find(family::flags, id_.value,
                        "message " + std::to_string(entry.uid.value) + " has no record");
    ++sums_.messages;
    if (!(entry.flags & flag_seen)) ++sums_.unseen;
    if (entry.flags & flag_deleted) ++sums_.deleted;
    if (entry.uid >= counters_.uid_next) problem(entry.uid, "is not below the next UID");
    if (entry.modseq > counters_.highest_modseq) problem(entry.uid, "changed later than the mailbox");
    if (counters_.keywords.size() < max_keywords && entry.keywords >> counters_.keywords.size() != 0)
      problem(entry.uid, "has a keyword without a name");
    take_message(messages);
    messages.next();
  }

  void take_message(const verify_view::cursor& messages) {
    const auto id = uid_of(messages);
    const auto message = decode_message(messages.value());
    ++view_.report.messages;
    if (!message) return problem(id, message.error().detail);
    sums_.size_bytes += message->size_bytes;
    if (!view_.has(family::blob_refs, key::blob_ref(message->body, blob_owner::mailbox, id_.value, id.value)))
      problem(id, "has no reference to its body");
    if (!view_.has(family::blobs, key::blob(message->body))) problem(id, "has lost its body");
  }

  void without_entry(verify_view::cursor& messages) {
    problem(uid_of(messages), "stands in no page");
    messages.next();
  }

  void changes() {
    modseq last;
    for (verify_view::cursor at(view_, family::changes, key::mailbox(id_)); at.valid(); at.next()) {
      const modseq when{number_at(at.key(), 8)};
      if (when.value == 0) {
        copy(at);
        continue;
      }
      const auto change = decode_change(when, at.value());
      const auto name = "change " + std::to_string(when.value) + " ";
      if (!change) {
        view_.find(family::changes, id_.value, name + change.error().detail);
        continue;
      }
      if (change->uids.empty()) view_.find(family::changes, id_.value, name + "names no message");
      if (when < last) view_.find(family::changes, id_.value, name + "is out of order");
      if (when > counters_.highest_modseq)
        view_.find(family::changes, id_.value, name + "is later than the mailbox");
      if (at.key().size() != 17 || uint8_t(at.key()[16]) != uint8_t(change->kind))
        view_.find(family::changes, id_.value, name + "has another kind than its key");
      last = when;
    }
  }

  /// Beside the log lies a copy of the folder's record; folders that were last changed before there were
  /// copies have none.
  void copy(const verify_view::cursor& at) {
    const auto found = decode_folder_copy(id_, at.value());
    if (at.key() != key::folder_copy(id_) || !found)
      view_.find(family::changes, id_.value, "has a copy of its folder record that cannot be read");
    else if (view_.get(family::folders, key::folder(found->account, id_)) != encode(found->folder))
      view_.find(family::changes, id_.value, "has a copy of its folder record that says something else");
  }

  void problem(uid id, const std::string& what) {
    view_.find(family::messages, id_.value, "message " + std::to_string(id.value) + " " + what);
  }

  static uid uid_of(const verify_view::cursor& messages) { return uid{small_number_at(messages.key(), 8)}; }

  verify_view& view_;
  mailbox_id id_;
  mailbox_counters counters_;
  sums sums_;
};

} // namespace

void verify_mailboxes(verify_view& view) {
  // Only mailboxes that a folder names: what is left of a deleted one goes in steps and agrees with nothing
  // meanwhile.
  for (verify_view::cursor at(view, family::folders, {}); at.valid() && !view.broken(); at.next()) {
    const mailbox_id id{number_at(at.key(), 8)};
    if (const auto folder = decode_folder(id, at.value()); !folder)
      view.find(family::folders, number_at(at.key(), 0), folder.error());
    ++view.report.mailboxes;
    mailbox_check(view, id).run();
  }
}

} // namespace stagepost::storage
