#include "protocols/imap/commands/store.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/message_set.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// The pages one question may span: bounds what is said and kept for it.
constexpr uint32_t pages_at_a_time = 256;

struct store_arguments {
  sequence_set set;
  flag_change change = flag_change::replace;
  bool silent = false;
  flag_list flags;
  std::optional<modseq> unchanged_since;
};

/// Works through the set some pages at a time. What others changed meanwhile in those pages is told on the
/// way.
class store final : public running_command, private news_listener {
public:
  store(store_arguments arguments, bool by_uid) : arguments_(std::move(arguments)), by_uid_(by_uid) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    if (with.view().read_only()) return with.finish(answer::mailbox_is_read_only);
    number_ranges found;
    if (!with.view().select(arguments_.set, by_uid_, found)) return with.finish(answer::no_such_message);
    // One reply has one code, and such a STORE may need it for MODIFIED: then nothing is stored.
    if (arguments_.unchanged_since && with.are_too_many(found)) return with.refuse_so_many();
    limit_code_ = keep_newest(with, with.view(), found);
    if (arguments_.unchanged_since) with.use_condstore();
    walk_ = message_walk(std::move(found));
    ask_next(with);
  }

  void on_stored(dialogue& with, const stored& result) override {
    if (result.outcome != outcome::done && result.outcome != outcome::expunged)
      return with.finish(answer_for(result.outcome));
    gone_ += result.gone.size();
    asked_for_ += batch_.size();
    take_away(result.modified);
    take_away(result.gone);
    bits_ = keyword_bits(arguments_.flags.keywords, with.view().keywords());
    for (const uid each : result.modified)
      modified_.push_back(by_uid_ ? each.value : with.view().sequence_of(each));

    if (with.view().keywords_grew()) with.write_flag_lists();
    with_ = &with;
    looked_at_ = told_to_ = 0;
    with.view().take_news_of(first_, last_, *this);
    on_more(with);
  }

  void on_more(dialogue& with) override {
    if (!arguments_.silent || with.uses_condstore()) tell_batch(with);
    if (with.out().has_enough()) return with.ask(more{});
    ask_next(with);
  }

private:
  void ask_next(dialogue& with) {
    if (walk_.at_end()) return end(with);
    batch_.clear();
    told_.clear();
    const uint32_t first_page = with.view().at(*walk_).uid.value / uids_per_page;
    for (; !walk_.at_end(); ++walk_) {
      const uid next = with.view().at(*walk_).uid;
      if (next.value / uids_per_page >= first_page + pages_at_a_time) break;
      batch_.push_back(next);
    }
    first_ = batch_.front();
    last_ = batch_.back();
    with.ask(store_flags{batch_, arguments_.change, arguments_.flags.flags, arguments_.flags.keywords,
                         arguments_.unchanged_since});
  }

  void end(dialogue& with) {
    if (!modified_.empty()) {
      std::sort(modified_.begin(), modified_.end());
      bytes code = "MODIFIED ";
      range_writer writer(code);
      for (const uint32_t number : modified_) writer.add(number);
      writer.finish();
      return with.finish(answer::conditional_store_failed, code);
    }
    if (gone_ == 0 || arguments_.silent)
      return with.finish(gone_ ? answer::some_expunged : answer::completed, limit_code_);
    if (gone_ == asked_for_) return with.finish(answer::all_expunged); // RFC 2180 4.2
    with.finish(answer::some_expunged, limit_code_);
  }

  /// Of the batch: those that were not changed.
  void take_away(std::vector<uid> which) {
    if (which.empty()) return;
    std::sort(which.begin(), which.end());
    std::erase_if(batch_, [&](uid each) { return std::binary_search(which.begin(), which.end(), each); });
  }

  /// Asked of one message after the other, in order.
  bool was_changed_by_us(uid which) {
    while (looked_at_ < batch_.size() && batch_[looked_at_] < which) ++looked_at_;
    return looked_at_ < batch_.size() && batch_[looked_at_] == which;
  }

  /// What the client believes the message has after its STORE.
  message_entry as_expected(message_entry entry) const {
    const uint32_t flags = arguments_.flags.flags;
    switch (arguments_.change) {
    case flag_change::replace: entry.flags = flags, entry.keywords = bits_; break;
    case flag_change::add: entry.flags |= flags, entry.keywords |= bits_; break;
    case flag_change::remove: entry.flags &= ~flags, entry.keywords &= ~bits_; break;
    }
    return entry;
  }

  void on_message_expunged(uint32_t, uid) override {}

  void on_changed(uint32_t sequence, const message_entry& before, const message_entry& now) override {
    const bool ours = was_changed_by_us(now.uid);
    if (ours && !arguments_.silent) return; // told by tell_batch
    const message_entry expected = ours ? as_expected(before) : before;
    // Silent, but somebody else changed it too (RFC 3501 6.4.6).
    if (expected.flags == now.flags && expected.keywords == now.keywords) {
      if (!ours && with_->uses_condstore() && before.modseq != now.modseq)
        with_->write_flags_of(sequence, now);
      return;
    }
    told_.push_back(now.uid);
    with_->write_flags_of(sequence, now);
  }

  bool wants_more() override { return true; }

  /// RFC 3501 6.4.6: the new flags of each message; RFC 7162 3.1.3: with .SILENT only its mod-sequence. As far
  /// as there is room.
  void tell_batch(dialogue& with) {
    const mailbox_view& view = with.view();
    for (; told_to_ < batch_.size() && !with.out().has_enough(); ++told_to_) {
      const uid each = batch_[told_to_];
      const uint32_t sequence = view.sequence_of(each);
      if (sequence == 0) continue;
      const message_entry& entry = view.at(sequence);
      if (!arguments_.silent) {
        with.write_flags_of(sequence, entry);
        continue;
      }
      if (std::binary_search(told_.begin(), told_.end(), each)) continue;
      bytes& out = with.text();
      const bool uid_only = with.uses(extension::uid_only);
      out += "* ";
      write_number(out, uid_only ? each.value : sequence);
      out += uid_only ? " UIDFETCH (" : " FETCH (";
      if (by_uid_ && !uid_only) {
        out += "UID ";
        write_number(out, each.value);
        out += ' ';
      }
      out += "MODSEQ (";
      write_number(out, entry.modseq.value);
      out += "))\r\n";
    }
  }

  store_arguments arguments_;
  bool by_uid_;
  message_walk walk_;
  std::vector<uid> batch_; ///< of the open question, in order; then those of it that were changed
  uid first_, last_;       ///< of the open question
  size_t looked_at_ = 0;   ///< of the batch, by was_changed_by_us
  size_t told_to_ = 0;     ///< of the batch, by tell_batch
  std::vector<uid> told_;  ///< of the batch: flags told though silent
  std::vector<uint32_t> modified_;
  bytes limit_code_;  ///< where not all were stored
  uint64_t bits_ = 0; ///< the keywords, once the mailbox has them
  size_t asked_for_ = 0;
  size_t gone_ = 0;
  dialogue* with_ = nullptr; ///< while the view calls back
};

bool read_modifiers(parser& in, store_arguments& arguments) {
  if (!in.take('(')) return true;
  if (!in.take_word("UNCHANGEDSINCE")) return in.fail(parse_errc::syntax, "unknown modifier");
  if (!in.space()) return false;
  const auto value = in.number64();
  if (!value) return false;
  arguments.unchanged_since = modseq{*value};
  return in.expect(')') && in.space();
}

} // namespace

std::unique_ptr<running_command> make_store(parser& in, bool by_uid) {
  store_arguments arguments;
  if (!in.space()) return nullptr;
  auto set = in.sequence_set();
  if (!set || !in.space() || !read_modifiers(in, arguments)) return nullptr;
  arguments.set = std::move(*set);
  if (in.take('+'))
    arguments.change = flag_change::add;
  else if (in.take('-'))
    arguments.change = flag_change::remove;
  const std::string_view item = in.item_name();
  arguments.silent = ascii_iequals(item, "FLAGS.SILENT");
  if (!arguments.silent && !ascii_iequals(item, "FLAGS")) {
    in.fail(parse_errc::syntax, "unknown item");
    return nullptr;
  }
  if (!in.space()) return nullptr;
  auto flags = in.flags(true);
  if (!flags || !in.end()) return nullptr;
  arguments.flags = std::move(*flags);
  return std::make_unique<store>(std::move(arguments), by_uid);
}

} // namespace stagepost::imap
