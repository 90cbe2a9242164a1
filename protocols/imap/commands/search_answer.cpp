#include "protocols/imap/commands/search_answer.hpp"

#include "protocols/imap/dialogue.hpp"

#include <algorithm>
#include <tuple>

namespace stagepost::imap {

namespace {

void put(bytes& out, std::string_view name, uint64_t number) {
  (out += ' ').append(name) += ' ';
  write_number(out, number);
}

} // namespace

number_ranges search_answer::to_be_saved(const mailbox_view& view) const {
  std::vector<uint32_t> kept;
  if (returns_->means_all()) {
    kept = found_;
  } else if (!found_.empty()) {
    if (returns_->min) kept.push_back(found_.front());
    if (returns_->max) kept.push_back(found_.back());
    if (returns_->partial) {
      const auto [from, to] = resolve(*returns_->partial, found_.size());
      kept.insert(kept.end(), found_.begin() + ptrdiff_t(from), found_.begin() + ptrdiff_t(to));
    }
  }
  std::sort(kept.begin(), kept.end());
  number_ranges uids;
  for (size_t i = 0; i < kept.size(); ++i) {
    const uint32_t uid = view.at(kept[i]).uid.value;
    // No message can come in between: new ones have higher UIDs.
    if (i > 0 && kept[i] <= kept[i - 1] + 1)
      uids.back().last = uid;
    else
      uids.push_back({uid, uid});
  }
  return uids;
}

bool search_answer::write(dialogue& with, const mailbox_view& view, std::string_view name,
                          std::string_view source) {
  if (returns_ && !returns_->tells()) return true;
  if (!begun_) begin(with, name, source);
  for (; at_ < to_; ++at_) {
    if (with.out().has_enough()) return false;
    bytes& out = with.text();
    const uint32_t number = number_of(view, found_[at_]);
    if (returns_) {
      ranges_.redirect(out);
      ranges_.add(number);
    } else {
      out += ' ';
      write_number(out, number);
    }
  }
  if (!list_ended_) end_list(with.text());
  if (!write_scores(with)) return false;
  end(with.text(), view);
  begun_ = false;
  return true;
}

/// After the messages that ALL or PARTIAL names.
void search_answer::end_list(bytes& out) {
  list_ended_ = true;
  if (!returns_) return;
  ranges_.redirect(out);
  ranges_.finish();
  if (returns_->partial) out += ')';
  score_to_ = scores_.size();
  if (returns_->partial) std::tie(score_at_, score_to_) = resolve(*returns_->partial, scores_.size());
  if (score_at_ < score_to_) out += " RELEVANCY";
}

/// RFC 6203 4: in the order of those messages.
bool search_answer::write_scores(dialogue& with) {
  if (score_at_ == score_to_) return true;
  for (bool first = scores_told_ == 0; score_at_ < score_to_; ++score_at_, first = false) {
    if (with.out().has_enough()) return false;
    bytes& out = with.text();
    out += first ? " (" : " ";
    write_number(out, scores_[score_at_]);
    ++scores_told_;
  }
  with.text() += ')';
  return true;
}

void search_answer::break_off(bytes& out) {
  if (begun_) out += "\r\n";
  begun_ = false;
}

void search_answer::begin(dialogue& with, std::string_view name, std::string_view source) {
  begun_ = true;
  bytes& out = with.text();
  to_ = found_.size();
  if (!returns_) {
    (out += "* ").append(name);
    return;
  }
  out += "* ESEARCH (TAG ";
  write_string(out, with.tag());
  out.append(source) += ')';
  if (by_uid_) out += " UID";
  if (returns_->partial) {
    std::tie(at_, to_) = resolve(*returns_->partial, found_.size());
    out += " PARTIAL (";
    write_partial_range(out, *returns_->partial);
    out += at_ < to_ ? " " : " NIL";
  } else if (!returns_->all) {
    to_ = 0;
  } else if (to_ > 0) {
    out += " ALL ";
  }
}

void search_answer::end(bytes& out, const mailbox_view& view) {
  if (returns_) {
    if (returns_->min && !found_.empty()) put(out, "MIN", number_of(view, found_.front()));
    if (returns_->max && !found_.empty()) put(out, "MAX", number_of(view, found_.back()));
    if (returns_->count) put(out, "COUNT", found_.size());
  }
  if (with_modseq_ && !found_.empty()) {
    const modseq told = modseq_told(view);
    if (returns_ && told.value) put(out, "MODSEQ", told.value);
    if (!returns_) {
      out += " (MODSEQ "; // RFC 7162 3.1.5
      write_number(out, told.value);
      out += ')';
    }
  }
  out += "\r\n";
}

uint32_t search_answer::number_of(const mailbox_view& view, uint32_t sequence) const {
  return by_uid_ ? view.at(sequence).uid.value : sequence;
}

/// RFC 4731 3.2: of the messages that are told.
modseq search_answer::modseq_told(const mailbox_view& view) const {
  modseq highest;
  const auto count_in = [&](uint32_t sequence) { highest = std::max(highest, view.at(sequence).modseq); };
  if (!returns_ || returns_->means_all()) {
    for (const uint32_t each : found_) count_in(each);
    return highest;
  }
  if (returns_->min) count_in(found_.front());
  if (returns_->max) count_in(found_.back());
  if (returns_->partial) {
    const auto [from, to] = resolve(*returns_->partial, found_.size());
    for (size_t i = from; i < to; ++i) count_in(found_[i]);
  }
  return highest;
}

} // namespace stagepost::imap
