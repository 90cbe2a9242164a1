#include "storage/history.hpp"

#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/small_records.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

namespace stagepost::storage {

namespace {

/// Calls `each` for the lines of a change log; one that cannot be read is passed over, for `verify` to tell.
result<done> for_each_line(const store& in, mailbox_id folder, storage::reach reach,
                           const std::function<bool(const change_record&)>& each) {
  return in.scan(family::changes, key::mailbox(folder), key::change(folder, modseq{1}), reach,
                 [&](bytes_view key, bytes_view value) {
                   const auto line = decode_change(modseq{number_at(key, 8)}, value);
                   return !line || each(*line);
                 });
}

bool has_time(const change_record& line) { return line.at != instant{}; }

class past_reader {
public:
  past_reader(const store& in, mailbox_id folder, instant at, uid from, size_t limit)
      : in_(in), folder_(folder), at_(at), from_(from), limit_(limit) {}

  result<past_view> read(storage::reach reach) {
    if (const auto present = read_present(reach); !present) return present.error();
    const auto gone = for_each_line(in_, folder_, reach, [this](const change_record& line) {
      take(line);
      return true;
    });
    if (!gone) return gone.error();
    const auto never_changed = has_never_changed(reach);
    if (!never_changed) return never_changed.error();
    found_.erase(found_.lower_bound(first_added_after_), found_.end());
    past_view view;
    view.is_complete = tells_of_then_ || (!has_lines_ && *never_changed);
    view.more = found_.size() > limit_;
    while (found_.size() > limit_) found_.erase(std::prev(found_.end()));
    const auto states = for_each_line(in_, folder_, reach, [this](const change_record& line) {
      take_states(line);
      return true;
    });
    if (!states) return states.error();
    for (auto& [id, one] : found_) {
      if (one.changed_since || !one.message.knows_state) {
        one.message.knows_state = one.before.has_value();
        one.message.state = one.before.value_or(message_state{});
      }
      view.messages.push_back(one.message);
    }
    return view;
  }

private:
  struct candidate {
    past_message message;
    std::optional<message_state> before; ///< what the log says it carried
    bool changed_since = false;
  };

  /// One more than wanted, so that it is seen whether there are more.
  void cut() {
    while (found_.size() > limit_ + 1) found_.erase(std::prev(found_.end()));
  }

  result<done> read_present(storage::reach reach) {
    std::optional<failure<errc>> broken;
    const auto first = key::page(folder_, from_.value / uids_per_page);
    const auto read =
        in_.scan(family::flags, key::mailbox(folder_), first, reach, [&](bytes_view key, bytes_view value) {
          const auto page = decode_page(small_number_at(key, 8), value);
          if (!page) {
            broken = page.error();
            return false;
          }
          for (const auto& each : page->entries)
            if (each.uid >= from_)
              found_[each.uid].message = {each.uid, true, {each.flags, each.keywords}, {}};
          return found_.size() <= limit_;
        });
    if (broken) return *broken;
    cut();
    return read;
  }

  result<bool> has_never_changed(storage::reach reach) const {
    const auto counters = read_counters(in_, folder_, reach);
    if (counters) return counters->highest_modseq <= modseq{1};
    if (counters.error().code == errc::not_found) return true;
    return counters.error();
  }

  void take(const change_record& line) {
    has_lines_ = true;
    if (has_time(line) && (line.at <= at_ || line.modseq.value == 2)) tells_of_then_ = true;
    // The clock may have gone back: all that was written behind the first later line is later.
    if (!later_from_ && has_time(line) && line.at > at_) later_from_ = line.modseq;
    if (!later_from_ || line.uids.empty()) return;
    if (line.kind == change_kind::added) first_added_after_ = std::min(first_added_after_, line.uids.front());
    if (line.kind != change_kind::expunged) return;
    const bool states = line.states.size() == line.uids.size();
    for (size_t i = 0; i < line.uids.size(); ++i) {
      const auto id = line.uids[i];
      if (id < from_ || id >= first_added_after_) continue;
      found_[id].message = {id, states, states ? line.states[i] : message_state{}, line.at};
      cut();
    }
  }

  void take_states(const change_record& line) {
    if (line.kind == change_kind::expunged) return;
    const bool later = later_from_ && line.modseq >= *later_from_;
    for (size_t i = 0; i < line.uids.size(); ++i) {
      const auto one = found_.find(line.uids[i]);
      if (one == found_.end()) continue;
      if (later)
        one->second.changed_since = true;
      else if (i < line.states.size())
        one->second.before = line.states[i];
      else
        one->second.before.reset(); // changed, and nobody wrote down to what
    }
  }

  const store& in_;
  mailbox_id folder_;
  instant at_;
  uid from_;
  size_t limit_;
  std::map<uid, candidate> found_;
  std::optional<modseq> later_from_;
  uid first_added_after_{UINT32_MAX};
  bool has_lines_ = false;
  bool tells_of_then_ = false;
};

} // namespace

result<past_view> read_past(const store& in, mailbox_id folder, instant at, uid from, size_t limit,
                            storage::reach reach) {
  return past_reader(in, folder, at, from, limit).read(reach);
}

result<modseq> first_change_since(const store& in, mailbox_id folder, instant since, storage::reach reach) {
  modseq first{UINT64_MAX};
  const auto read = for_each_line(in, folder, reach, [&](const change_record& line) {
    if (!has_time(line) || line.at < since) return true;
    first = line.modseq;
    return false;
  });
  if (!read) return read.error();
  return first;
}

} // namespace stagepost::storage
