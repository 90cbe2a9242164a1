#include "protocols/base/mailbox_page.hpp"
#include "storage/batch_access.hpp"
#include "storage/blobs.hpp"
#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/rebuild_past.hpp"
#include "storage/rebuild_run.hpp"
#include "storage/recoverable.hpp"
#include "storage/small_records.hpp"

#include <algorithm>
#include <bit>

namespace stagepost::storage {

namespace {

class contents_rebuild {
public:
  contents_rebuild(rebuild_run& run, account_id account, mailbox_id folder)
      : run_(run), account_(account), id_(folder), fates_(run, folder) {}

  void run() {
    const auto value = run_.get(family::mailbox_state, key::mailbox(id_));
    auto found = value ? decode_counters(*value) : result<mailbox_counters>(errc::not_found);
    const bool known = found.ok();
    if (known) counters_ = std::move(*found);
    seen_ = survey_folder(run_, id_);
    ++run_.report.folders;
    // A folder without counters has never held a message.
    if (run_.broken || (!value && !seen_.has_rows && !seen_.last_line)) return;

    highest_ = std::max({counters_.highest_modseq, seen_.last_line, seen_.highest_in_pages});
    if (!known && !seen_.has_whole_log()) renew_validity();
    made_.uid_next = std::max(counters_.uid_next, uid{seen_.highest_uid.value + 1});
    made_.keywords = counters_.keywords;
    if (seen_.keywords.size() > made_.keywords.size()) made_.keywords = seen_.keywords;
    const auto before = highest_;
    walk();
    cut_log(before);
    name_keywords();
    made_.highest_modseq = highest_;
    if (run_.broken || (value && *value == encode(made_))) return run_.flush();
    put_counters(run_.writes, id_, made_);
    ++run_.report.counters_written;
    run_.flush();
  }

private:
  /// Nobody can say any more which UIDs clients have seen.
  void renew_validity() {
    const auto value = run_.get(family::folders, key::folder(account_, id_));
    auto folder = value ? decode_folder(id_, *value) : result<folder_record>(errc::not_found);
    if (!folder) return;
    folder->uid_validity = run_.shard.next_uid_validity();
    put_folder(run_.writes, account_, *folder);
    ++run_.report.validities_renewed;
    run_.flush(); // before a UID can be given a second time
  }

  /// Messages and pages are both in order of UID: one walk over both, a page at a time.
  void walk() {
    rebuild_run::cursor messages(run_, family::messages, key::mailbox(id_));
    rebuild_run::cursor pages(run_, family::flags, key::mailbox(id_));
    for (;;) {
      const bool more_messages = messages.valid(), more_pages = pages.valid();
      if (!more_messages && !more_pages) return;
      const auto of_messages =
          more_messages ? small_number_at(messages.key(), 8) / uids_per_page : UINT32_MAX;
      const auto of_pages = more_pages ? small_number_at(pages.key(), 8) : UINT32_MAX;
      const auto number = std::min(of_messages, of_pages);
      mailbox_page old{number, {}};
      bytes was;
      if (more_pages && of_pages == number) {
        was = pages.value();
        if (auto read = decode_page(number, was)) old = std::move(*read);
        pages.next();
      }
      mend_page(old, was, messages);
      run_.make_room();
    }
  }

  void mend_page(const mailbox_page& old, const bytes& was, rebuild_run::cursor& messages) {
    mailbox_page made{old.number, {}};
    std::vector<recoverable_message> retired;
    std::vector<uid> lost, unflagged;
    auto entry = old.entries.begin();
    const auto lose_until = [&](uid id) {
      for (; entry != old.entries.end() && entry->uid < id; ++entry) {
        lost.push_back(entry->uid);
        ++run_.report.lost;
      }
    };
    for (; messages.valid() && small_number_at(messages.key(), 8) / uids_per_page == old.number;
         messages.next()) {
      const uid id{small_number_at(messages.key(), 8)};
      lose_until(id);
      const bool stands = entry != old.entries.end() && entry->uid == id;
      auto message = decode_message(messages.value());
      if (!message || run_.ensure_reference(message->body, id_, id) == rebuild_run::body_state::lost) {
        lose_record(id, message ? message->body : blob_id{});
        if (stands) lost.push_back((entry++)->uid);
        continue;
      }
      if (!stands && fates_.of(id).is_expunged) {
        take_out(id, *message, retired);
        continue;
      }
      if (date(id, *message)) put_message(run_.writes, id_, id, *message);
      made.entries.push_back(stands ? *entry++ : entry_from(id, unflagged));
      count(made.entries.back(), message->size_bytes);
    }
    lose_until(uid{UINT32_MAX});
    retire(retired);
    log_page(lost, unflagged, made);
    if (was.empty() ? made.entries.empty() : encode(made) == was) return;
    put_page(run_.writes, id_, made);
    ++run_.report.pages_written;
  }

  message_entry entry_from(uid id, std::vector<uid>& unflagged) {
    ++run_.report.entries_made;
    const auto& past = fates_.of(id);
    if (past.knows_state && past.changed <= highest_)
      return {id, past.state.flags, past.state.keywords, past.changed};
    ++run_.report.flags_lost;
    unflagged.push_back(id);
    return {id, 0, 0, {}};
  }

  /// The record says nothing any more, or its body is gone: there is nothing to show.
  void lose_record(uid id, blob_id body) {
    if (run_.broken) return;
    if (!body)
      run_.note("message " + std::to_string(id.value) + " of mailbox " + std::to_string(id_.value) +
                " has a record that cannot be read, and no body names it");
    delete_message(run_.writes, id_, id);
    if (body) drop_reference(run_.writes, body, blob_owner::mailbox, id_.value, id.value);
    ++run_.report.lost;
  }

  /// The log says that it was expunged.
  void take_out(uid id, const message_record& message, std::vector<recoverable_message>& retired) {
    delete_message(run_.writes, id_, id);
    ++run_.report.retired;
    if (run_.is_kept(id_, id, message.body)) return;
    const auto& past = fates_.of(id);
    retired.push_back({id, message, past.state.flags & ~uint32_t(flag_deleted), past.state.keywords});
    date(id, retired.back().message);
    retired_at_ = past.expunged_at == instant{} ? run_.options.now : past.expunged_at;
  }

  /// When a message came whose record was made from its body a moment ago: the log knows best. False when it
  /// says so itself.
  bool date(uid id, message_record& message) {
    if (message.internal_date != instant{} || message.saved_at != instant{}) return false;
    const auto added = fates_.of(id).added_at;
    message.internal_date = message.saved_at = added == instant{} ? run_.options.now : added;
    return true;
  }

  void count(const message_entry& entry, uint64_t size_bytes) {
    ++made_.messages;
    if (!(entry.flags & flag_seen)) ++made_.unseen;
    if (entry.flags & flag_deleted) ++made_.deleted;
    made_.size_bytes += size_bytes;
    carried_ |= entry.keywords;
    ++run_.report.messages;
  }

  /// What was expunged does not come back, but neither does its body go: it becomes recoverable.
  void retire(const std::vector<recoverable_message>& messages) {
    if (messages.empty()) return;
    recoverable_group head;
    head.folder = id_;
    head.account = account_;
    head.expunged_at = retired_at_;
    if (const auto value = run_.get(family::folders, key::folder(account_, id_)))
      if (auto folder = decode_folder(id_, *value)) head.folder_name = std::move(folder->name);
    head.keywords = made_.keywords;
    keep_recoverable(run_.writes, head, messages);
  }

  /// What clients must hear of goes with the page it is in: a cut between them would keep it from them.
  void log_page(const std::vector<uid>& lost, const std::vector<uid>& unflagged, mailbox_page& made) {
    if (run_.broken) return;
    if (!unflagged.empty()) {
      put_line(change_kind::flags, unflagged);
      for (auto& each : made.entries)
        if (!each.modseq) each.modseq = highest_;
    }
    if (!lost.empty()) put_line(change_kind::expunged, lost);
  }

  /// Behind a hole a client would be told too little of what it missed; without the log it looks for itself.
  /// `before`: the last change that was not made here.
  void cut_log(modseq before) {
    if (run_.broken) return;
    const bool ends_early = seen_.last_line && seen_.last_line < before;
    const auto from = ends_early ? modseq{before.value + 1} : seen_.whole_from;
    if (!seen_.first_line || from <= seen_.first_line) return;
    trim_changes(run_.writes, id_, from);
    ++run_.report.logs_cut;
  }

  void put_line(change_kind kind, const std::vector<uid>& uids) {
    highest_ = modseq{highest_.value + 1};
    change_record line{highest_, kind, uids};
    line.at = run_.options.now;
    if (kind == change_kind::flags) line.states.resize(uids.size());
    put_change(run_.writes, id_, line);
  }

  /// Each bit that a message carries needs a name.
  void name_keywords() {
    const auto needed = size_t(std::bit_width(carried_));
    while (made_.keywords.size() < needed)
      made_.keywords.push_back("$Recovered" + std::to_string(made_.keywords.size() + 1));
  }

  rebuild_run& run_;
  account_id account_;
  mailbox_id id_;
  fates fates_;
  mailbox_counters counters_; ///< as they were
  mailbox_counters made_;
  folder_survey seen_;
  modseq highest_;
  uint64_t carried_ = 0;
  instant retired_at_;
};

} // namespace

void rebuild_contents(rebuild_run& run, account_id account, mailbox_id folder) {
  contents_rebuild(run, account, folder).run();
}

} // namespace stagepost::storage
