#include "protocols/imap/commands/multisearch.hpp"

#include "protocols/imap/commands/context_refresh.hpp"
#include "protocols/imap/commands/mailbox_filter.hpp"
#include "protocols/imap/commands/search_answer.hpp"
#include "protocols/imap/commands/search_save.hpp"
#include "protocols/imap/commands/search_walk.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/progress.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

bool is_selected(const mailbox_filter& each) { return each.what == mailbox_filter::choice::selected; }

/// Looks into one mailbox after the other, and has the pages of one at a time.
class multisearch final : public running_command, private search_listener {
public:
  multisearch(std::vector<mailbox_filter> filters, search_request request)
      : filters_(std::move(filters)), returns_(*request.returns), key_(std::move(request.key)),
        only_selected_(std::all_of(filters_.begin(), filters_.end(), is_selected)) {}

  bool is_by_uid() const override { return true; }

  void begin(dialogue& with) override {
    const bool any_selected = with.phase() == phase::selected;
    if (!any_selected && std::any_of(filters_.begin(), filters_.end(), is_selected))
      return with.finish(answer::wrong_state);
    // RFC 9586 3: no set of numbers among the keys.
    if (with.uses(extension::uid_only) && key_.uses_sequences()) return with.finish(answer::uid_required);
    if (key_.uses_modseq()) with.use_condstore();
    progress_.begin(with);
    keep_context(with, returns_, false, {}); // there are none for this
    if (!only_selected_) return with.ask(list_mailboxes{});
    boxes_.emplace_back();
    boxes_.back().name = with.view().name();
    boxes_.back().id = with.view().id();
    search_next(with);
  }

  void on_mailboxes(dialogue& with, outcome result, std::vector<mailbox_info> found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    const bool any_selected = with.phase() == phase::selected;
    // By its number: somebody else may have given the selected mailbox another name, and its name away.
    boxes_ =
        resolve(filters_, found, any_selected ? with.view().id() : mailbox_id{}, with.settings().separator);
    search_next(with);
  }

  void on_opened(dialogue& with, outcome result, selected_mailbox opened) override {
    switch (result) {
    case outcome::done: break;
    case outcome::unavailable: return with.finish(answer_for(result));
    default: ++at_; return with.ask(more{}); // it went meanwhile, or is not ours to read
    }
    looked_into_.emplace(boxes_[at_].name, std::move(opened), true);
    search(with, *looked_into_, true);
  }

  void on_narrowed(dialogue& with, narrowed known) override { walk_->on_narrowed(with, std::move(known)); }
  void on_message(dialogue& with, const message_data& message) override { walk_->on_message(with, message); }
  void on_read_end(dialogue& with, outcome result) override { walk_->on_read_end(with, result); }

  void on_more(dialogue& with) override {
    if (searched_)
      tell(with);
    else if (view_)
      walk_->on_more(with);
    else
      search_next(with);
  }

  void abandon(dialogue& with) override {
    if (answer_) answer_->break_off(with.text());
  }

private:
  void search_next(dialogue& with) {
    if (at_ == boxes_.size()) return with.finish(how_, limit_code_);
    if (with.phase() == phase::selected && boxes_[at_].id == with.view().id())
      return search(with, with.view(), false);
    with.ask(look_into{boxes_[at_].name});
  }

  void search(dialogue& with, const mailbox_view& view, bool elsewhere) {
    view_ = &view;
    searched_ = false;
    answer_.emplace(returns_, true, key_.uses_modseq());
    search_listener& finds = *this;
    walk_.emplace(key_, std::nullopt, finds);
    // RFC 9738: one UID says how far one mailbox was searched; of several they all are, or the search ends.
    if (!only_selected_ && with.is_too_many(looked_at_ += walk_->count_reach(view)))
      return with.refuse_so_many();
    walk_->begin(with, view, elsewhere);
  }

  void on_found(dialogue&, uint32_t sequence, uint8_t score) override { answer_->add(sequence, score); }

  bool has_enough() const override { return answer_->has_enough(); }

  void on_looked(dialogue& with, uint32_t, uint32_t) override {
    progress_.tell(with, uint32_t(at_), uint32_t(boxes_.size()));
  }

  void on_searched(dialogue& with, answer how) override {
    if (only_selected_ && !save_result(with, *answer_, how)) return;
    if (text_of(how).status != "OK") return with.finish(how);
    if (how != answer::completed) how_ = how;
    limit_code_ = walk_->limit_code();
    searched_ = true;
    tell(with);
  }

  void tell(dialogue& with) {
    // RFC 7377 2.1: nothing is told of mailboxes in which nothing is found, whatever RETURN asks for.
    if (!answer_->found().empty() && !answer_->write(with, *view_, "", source(with))) return with.ask(more{});
    searched_ = false;
    view_ = nullptr;
    looked_into_.reset();
    ++at_;
    with.ask(more{});
  }

  bytes source(const dialogue& with) const {
    bytes out = " MAILBOX ";
    if (with.speaks_utf8())
      write_utf8_string(out, boxes_[at_].name);
    else
      write_mailbox(out, boxes_[at_].name);
    out += " UIDVALIDITY ";
    write_number(out, view_->uid_validity().value);
    return out;
  }

  std::vector<mailbox_filter> filters_;
  search_return returns_;
  search_key key_;
  bool only_selected_;
  std::vector<mailbox_info> boxes_;
  size_t at_ = 0; ///< of boxes_
  std::optional<mailbox_view> looked_into_;
  const mailbox_view* view_ = nullptr; ///< being searched
  std::optional<search_answer> answer_;
  std::optional<search_walk> walk_;
  bool searched_ = false;  ///< and its answer is being written
  uint64_t looked_at_ = 0; ///< messages of all mailboxes so far
  bytes limit_code_;
  progress progress_;
  answer how_ = answer::completed;
};

} // namespace

std::unique_ptr<running_command> make_multisearch(parser& in, bool) {
  if (!in.space()) return nullptr;
  std::vector<mailbox_filter> filters(1);
  if (in.take_word("IN")) {
    if (!in.space() || !in.expect('(')) return nullptr;
    auto read = parse_mailbox_filters(in);
    if (!read || !in.expect(')') || !in.space()) return nullptr;
    filters = std::move(*read);
  }
  search_request request;
  if (!parse_search(in, request)) return nullptr;
  if (!request.returns) request.returns.emplace().all = true;
  // RFC 7377 2.1: these mean something in the selected mailbox only.
  const bool elsewhere = !std::all_of(filters.begin(), filters.end(), is_selected);
  if (elsewhere && (request.returns->save || request.key.names_selected())) {
    in.fail(parse_errc::syntax, "this can be asked of the selected mailbox only");
    return nullptr;
  }
  return std::make_unique<multisearch>(std::move(filters), std::move(request));
}

} // namespace stagepost::imap
