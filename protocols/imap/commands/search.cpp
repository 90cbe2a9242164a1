#include "protocols/imap/commands/search.hpp"

#include "protocols/imap/commands/search_key.hpp"
#include "protocols/imap/commands/search_match.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t messages_at_a_time = 64;
/// Messages looked at in the view before others get their turn.
constexpr size_t looks_at_a_time = 16'384;

using truth = match_result::truth;

/// Writes the numbers found as they are found, so the answer is never held as a whole: "* SEARCH 2 3 5", or
/// the ESEARCH of RFC 4731.
class search_answer {
public:
  search_answer(std::optional<search_return> returns, bool by_uid, bool with_modseq)
      : returns_(returns), by_uid_(by_uid), with_modseq_(with_modseq) {}

  void begin(dialogue& with) {
    bytes& out = with.text();
    if (!returns_) {
      out += "* SEARCH";
      return;
    }
    out += "* ESEARCH (TAG ";
    write_string(out, with.tag());
    out += ')';
    if (by_uid_) out += " UID";
  }

  void add(dialogue& with, uint32_t sequence, const message_entry& entry) {
    const uint32_t number = by_uid_ ? entry.uid.value : sequence;
    if (count_++ == 0) {
      first_ = number;
      first_modseq_ = entry.modseq;
      if (returns_ && returns_->all) with.text() += " ALL ";
    }
    last_ = number;
    last_modseq_ = entry.modseq;
    highest_ = std::max(highest_, entry.modseq);
    bytes& out = with.text();
    if (!returns_) {
      out += ' ';
      write_number(out, number);
    } else if (returns_->all) {
      ranges_.redirect(out);
      ranges_.add(number);
    }
  }

  void end(dialogue& with) {
    bytes& out = with.text();
    if (returns_) {
      ranges_.redirect(out);
      if (returns_->all) ranges_.finish();
      if (returns_->min && count_) put(out, "MIN", first_);
      if (returns_->max && count_) put(out, "MAX", last_);
      if (returns_->count) put(out, "COUNT", count_);
      if (with_modseq_ && count_) put(out, "MODSEQ", modseq_told().value);
    } else if (with_modseq_ && count_) {
      out += " (MODSEQ "; // RFC 7162 3.1.5
      write_number(out, highest_.value);
      out += ')';
    }
    out += "\r\n";
  }

private:
  static void put(bytes& out, std::string_view name, uint64_t number) {
    (out += ' ').append(name) += ' ';
    write_number(out, number);
  }

  /// RFC 4731 3.2: of the messages that are told.
  modseq modseq_told() const {
    if (returns_->all || returns_->count) return highest_;
    if (returns_->min && returns_->max) return std::max(first_modseq_, last_modseq_);
    return returns_->min ? first_modseq_ : last_modseq_;
  }

  std::optional<search_return> returns_;
  bool by_uid_;
  bool with_modseq_;
  bytes unused_;
  range_writer ranges_{unused_};
  uint64_t count_ = 0;
  uint32_t first_ = 0;
  uint32_t last_ = 0;
  modseq first_modseq_;
  modseq last_modseq_;
  modseq highest_;
};

/// Goes through the mailbox in order. What the view cannot decide is gathered and read, no deeper than
/// needed: those that a cheap key rules out are never read in whole.
class search final : public running_command {
public:
  search(search_request request, bool by_uid)
      : key_(std::move(request.key)), by_uid_(by_uid), answer_(request.returns, by_uid, key_.uses_modseq()) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    // RFC 9586 3: no set of numbers among the keys.
    if (with.uses(extension::uid_only) && key_.uses_sequences()) return with.finish(answer::uid_required);
    if (key_.uses_modseq()) with.use_condstore();
    settle(key_, with.view());
    end_ = with.view().size() + 1;
    answer_.begin(with);
    begun_ = true;
    look_on(with);
  }

  void on_message(dialogue& with, const message_data& message) override {
    if (message.gone || (depth_ >= read_depth::digest && !message.digest)) {
      some_gone_ = true;
      return;
    }
    for (; reading_ < batch_.size(); ++reading_) {
      candidate& each = batch_[reading_];
      if (each.found.value != truth::unknown || each.found.needed != depth_) continue;
      const message_entry& entry = with.view().at(each.sequence);
      if (entry.uid != message.uid) continue; // it was gone
      search_subject subject(each.sequence, entry, with.now(), message, depth_, with.zone());
      each.found = subject.match(key_);
      ++reading_;
      return;
    }
  }

  void on_read_end(dialogue& with, outcome result) override {
    if (result != outcome::done && result != outcome::expunged) {
      abandon(with);
      return with.finish(answer_for(result));
    }
    // Who was not answered for is gone.
    for (candidate& each : batch_)
      if (each.found.value == truth::unknown && each.found.needed <= depth_) each.found.value = truth::no;
    read_on(with);
  }

  void on_more(dialogue& with) override { look_on(with); }

  /// Ends the line begun.
  void abandon(dialogue& with) override {
    if (begun_) answer_.end(with);
    begun_ = false;
  }

private:
  struct candidate {
    uint32_t sequence = 0;
    match_result found;
  };

  /// Gathers messages until there are enough to read.
  void look_on(dialogue& with) {
    batch_.clear();
    size_t looks = 0, unknown = 0;
    for (; next_ < end_ && unknown < messages_at_a_time; ++next_) {
      if (++looks > looks_at_a_time || with.out().has_enough()) break;
      const message_entry& entry = with.view().at(next_);
      const match_result found = search_subject(next_, entry, with.now()).match(key_);
      if (found.value == truth::no) continue;
      if (found.value == truth::yes && unknown == 0) {
        answer_.add(with, next_, entry);
        continue;
      }
      // Kept in order with those that must be read.
      batch_.push_back({next_, found});
      if (found.value == truth::unknown) ++unknown;
    }
    read_on(with);
  }

  /// Reads those of the batch that are undecided, the shallow ones first.
  void read_on(dialogue& with) {
    std::vector<uid> uids;
    depth_ = read_depth::whole;
    for (const candidate& each : batch_)
      if (each.found.value == truth::unknown) depth_ = std::min(depth_, each.found.needed);
    for (const candidate& each : batch_)
      if (each.found.value == truth::unknown && each.found.needed == depth_)
        uids.push_back(with.view().at(each.sequence).uid);
    reading_ = 0;
    if (!uids.empty()) return with.ask(read_messages{std::move(uids), depth_});
    for (const candidate& each : batch_)
      if (each.found.value == truth::yes) answer_.add(with, each.sequence, with.view().at(each.sequence));
    batch_.clear();
    if (next_ < end_) return with.ask(more{});
    answer_.end(with);
    begun_ = false;
    with.finish(some_gone_ ? answer::some_expunged : answer::completed);
  }

  search_key key_;
  bool by_uid_;
  search_answer answer_;
  bool begun_ = false;
  bool some_gone_ = false;
  uint32_t next_ = 1;
  uint32_t end_ = 1;
  std::vector<candidate> batch_;
  size_t reading_ = 0; ///< the candidate the next message may belong to
  read_depth depth_ = read_depth::facts;
};

} // namespace

std::unique_ptr<running_command> make_search(parser& in, bool by_uid) {
  if (!in.space()) return nullptr;
  auto request = parse_search(in);
  if (!request) return nullptr;
  // RFC 9051 6.4.4: there is no SEARCH response any more.
  if (in.is_rev2() && !request->returns) request->returns.emplace().all = true;
  return std::make_unique<search>(std::move(*request), by_uid);
}

} // namespace stagepost::imap
