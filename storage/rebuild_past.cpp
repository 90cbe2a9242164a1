#include "storage/rebuild_past.hpp"

#include "protocols/base/mailbox_page.hpp"
#include "storage/key.hpp"
#include "storage/recoverable.hpp"
#include "storage/small_records.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::storage {

namespace {

/// UIDs whose past is in memory at a time.
constexpr uint32_t window_uids = 1u << 17;

void take(fate& one, const change_record& line, size_t i) {
  one.changed = line.modseq;
  if (line.kind == change_kind::added) one.added_at = line.at;
  if (line.kind == change_kind::expunged) {
    one.is_expunged = true;
    one.expunged_at = line.at;
  }
  one.knows_state = i < line.states.size();
  one.state = one.knows_state ? line.states[i] : message_state{};
}

class surveyor {
public:
  surveyor(rebuild_run& run, mailbox_id folder) : run_(run), id_(folder) {}

  folder_survey look() {
    look_at_log();
    look_at_pages();
    look_at_messages();
    look_at_expunged();
    return std::move(seen_);
  }

private:
  void see(uid id) { seen_.highest_uid = std::max(seen_.highest_uid, id); }

  void look_at_log() {
    for (rebuild_run::cursor at(run_, family::changes, key::mailbox(id_), key::change(id_, modseq{1}));
         at.valid(); at.next()) {
      const modseq when{number_at(at.key(), 8)};
      const auto line = decode_change(when, at.value());
      const bool sound = line && !line->uids.empty() && at.key() == key::change(id_, when, line->kind);
      if (!seen_.first_line) seen_.first_line = seen_.whole_from = when;
      if (seen_.last_line && when.value > seen_.last_line.value + 1) seen_.whole_from = when;
      if (!sound) seen_.whole_from = modseq{when.value + 1};
      seen_.last_line = when;
      if (!line) continue;
      if (!line->uids.empty()) seen_.highest_logged = std::max(seen_.highest_logged, line->uids.back());
      if (line->keywords.size() > seen_.keywords.size()) seen_.keywords = line->keywords;
    }
    see(seen_.highest_logged);
  }

  void look_at_pages() {
    for (rebuild_run::cursor at(run_, family::flags, key::mailbox(id_)); at.valid(); at.next()) {
      seen_.has_rows = true;
      const auto page = decode_page(small_number_at(at.key(), 8), at.value());
      if (!page) continue;
      for (const auto& each : page->entries) {
        see(each.uid);
        seen_.highest_in_pages = std::max(seen_.highest_in_pages, each.modseq);
      }
    }
  }

  void look_at_messages() {
    rebuild_run::cursor at(run_, family::messages, key::mailbox(id_));
    if (!at.valid()) return;
    seen_.has_rows = true;
    at.to_last();
    if (at.valid()) see(uid{small_number_at(at.key(), 8)});
  }

  /// A body that waits in the list of expunged messages has a UID that must not come back, too.
  void look_at_expunged() {
    for (rebuild_run::cursor at(run_, family::recoverable, key::recoverable(id_, {}).substr(0, 9));
         at.valid(); at.next()) {
      seen_.has_rows = true;
      see(uid{small_number_at(at.key(), 9)});
      const auto group = decode_recoverable(id_, at.value());
      if (!group) continue;
      see(group->messages.back().uid);
      if (group->keywords.size() > seen_.keywords.size()) seen_.keywords = group->keywords;
    }
  }

  rebuild_run& run_;
  mailbox_id id_;
  folder_survey seen_;
};

} // namespace

const fate& fates::of(uid id) {
  if (window_.empty() || id.value < first_ || id.value - first_ >= window_uids) load(id);
  return window_[id.value - first_];
}

void fates::load(uid id) {
  first_ = id.value / window_uids * window_uids;
  window_.assign(window_uids, {});
  for (rebuild_run::cursor at(run_, family::changes, key::mailbox(folder_), key::change(folder_, modseq{1}));
       at.valid(); at.next()) {
    const auto line = decode_change(modseq{number_at(at.key(), 8)}, at.value());
    if (!line) continue;
    for (size_t i = 0; i < line->uids.size(); ++i) {
      const auto each = line->uids[i].value;
      if (each >= first_ && each - first_ < window_uids) take(window_[each - first_], *line, i);
    }
  }
}

folder_survey survey_folder(rebuild_run& run, mailbox_id folder) { return surveyor(run, folder).look(); }

} // namespace stagepost::storage
