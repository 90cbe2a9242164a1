#include "protocols/imap/commands/sort.hpp"

#include "protocols/imap/commands/context_refresh.hpp"
#include "protocols/imap/commands/search_answer.hpp"
#include "protocols/imap/commands/search_save.hpp"
#include "protocols/imap/commands/search_walk.hpp"
#include "protocols/imap/commands/sort_key.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/progress.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

struct sort_request {
  std::optional<search_return> returns;
  std::vector<sort_criterion> criteria;
  search_key key;
};

class sort final : public running_command, private search_listener {
public:
  sort(sort_request request, bool by_uid)
      : by_uid_(by_uid), answer_(request.returns, by_uid, request.key.uses_modseq()),
        criteria_(std::move(request.criteria)), walk_(std::move(request.key), depth_for(criteria_), *this) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    // RFC 9586 3: no set of numbers among the keys.
    if (with.uses(extension::uid_only) && walk_.key().uses_sequences())
      return with.finish(answer::uid_required);
    if (!may_update(with, answer_.returns())) return with.finish(answer::invalid_tag);
    if (with.is_too_many(walk_.count_reach(with.view()))) {
      if (answer_.saves()) with.view().save({}); // RFC 5182 2.1
      return with.refuse_so_many();              // RFC 9738: the order of a part is of no use
    }
    if (walk_.uses_modseq()) with.use_condstore();
    progress_.begin(with);
    walk_.begin(with, with.view());
  }

  void on_narrowed(dialogue& with, narrowed known) override { walk_.on_narrowed(with, std::move(known)); }
  void on_message(dialogue& with, const message_data& message) override { walk_.on_message(with, message); }
  void on_read_end(dialogue& with, outcome result) override {
    if (bytes_ > max_sorting_bytes) result = outcome::limit_reached;
    walk_.on_read_end(with, result);
  }

  void on_more(dialogue& with) override {
    if (how_)
      tell(with);
    else
      walk_.on_more(with);
  }

  void abandon(dialogue& with) override { answer_.break_off(with.text()); }

private:
  struct sorted {
    uint32_t sequence;
    uint8_t score;
    std::string key;
  };

  void on_read(uint32_t sequence, const message_entry&, const message_data& message, uint8_t score) override {
    if (bytes_ > max_sorting_bytes) return;
    messages_.push_back({sequence, score, make_sort_key(criteria_, message, score)});
    bytes_ += sizeof(sorted) + messages_.back().key.size();
  }

  void on_found(dialogue&, uint32_t, uint8_t) override {}

  void on_looked(dialogue& with, uint32_t done, uint32_t goal) override { progress_.tell(with, done, goal); }

  void on_searched(dialogue& with, answer how) override {
    std::sort(messages_.begin(), messages_.end(), [](const sorted& a, const sorted& b) {
      const int order = a.key.compare(b.key);
      return order != 0 ? order < 0 : a.sequence < b.sequence;
    });
    answer_.found().reserve(messages_.size());
    for (const sorted& each : messages_) answer_.add(each.sequence, each.score);
    if (!save_result(with, answer_, how)) return;
    keep(with);
    messages_ = {};
    how_ = how;
    tell(with);
  }

  void keep(dialogue& with) {
    if (!answer_.returns() || !answer_.returns()->update) return;
    search_context kept;
    kept.key = walk_.key();
    kept.criteria = criteria_;
    for (sorted& each : messages_)
      kept.members.push_back({with.view().at(each.sequence).uid, std::move(each.key)});
    keep_context(with, answer_.returns(), by_uid_, std::move(kept));
  }

  void tell(dialogue& with) {
    if (!answer_.write(with, with.view(), "SORT")) return with.ask(more{});
    with.finish(*how_);
  }

  bool by_uid_;
  search_answer answer_;
  std::vector<sort_criterion> criteria_;
  search_walk walk_;
  std::vector<sorted> messages_;
  size_t bytes_ = 0; ///< of messages_
  progress progress_;
  std::optional<answer> how_; ///< once all is found
};

} // namespace

std::unique_ptr<running_command> make_sort(parser& in, bool by_uid) {
  sort_request request;
  if (!in.space() || !read_search_return(in, request.returns)) return nullptr;
  auto criteria = parse_sort_criteria(in);
  if (!criteria || !in.space()) return nullptr;
  request.criteria = std::move(*criteria);
  auto key = parse_search_with_charset(in);
  if (!key) {
    const bool saves = request.returns && request.returns->save;
    return saves && in.error() == parse_errc::unknown_charset ? make_unsaved_refusal() : nullptr;
  }
  request.key = std::move(*key);
  const bool by_relevancy =
      std::any_of(request.criteria.begin(), request.criteria.end(),
                  [](const sort_criterion& each) { return each.what == sort_by::relevancy; });
  if (!may_ask_relevancy(in, by_relevancy || (request.returns && request.returns->relevancy), request.key))
    return nullptr;
  return std::make_unique<sort>(std::move(request), by_uid);
}

} // namespace stagepost::imap
