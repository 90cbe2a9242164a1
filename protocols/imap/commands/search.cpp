#include "protocols/imap/commands/search.hpp"

#include "protocols/imap/commands/context_refresh.hpp"
#include "protocols/imap/commands/search_answer.hpp"
#include "protocols/imap/commands/search_key.hpp"
#include "protocols/imap/commands/search_save.hpp"
#include "protocols/imap/commands/search_walk.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/progress.hpp"

namespace stagepost::imap {

namespace {

class search final : public running_command, private search_listener {
public:
  search(search_request request, bool by_uid)
      : by_uid_(by_uid), answer_(request.returns, by_uid, request.key.uses_modseq()),
        walk_(std::move(request.key), std::nullopt, *this) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    // RFC 9586 3: no set of numbers among the keys.
    if (with.uses(extension::uid_only) && walk_.key().uses_sequences())
      return with.finish(answer::uid_required);
    if (!may_update(with, answer_.returns())) return with.finish(answer::invalid_tag);
    if (walk_.uses_modseq()) with.use_condstore();
    progress_.begin(with);
    walk_.begin(with, with.view());
  }

  void on_narrowed(dialogue& with, narrowed known) override { walk_.on_narrowed(with, std::move(known)); }
  void on_message(dialogue& with, const message_data& message) override { walk_.on_message(with, message); }
  void on_read_end(dialogue& with, outcome result) override { walk_.on_read_end(with, result); }

  void on_more(dialogue& with) override {
    if (how_)
      tell(with);
    else
      walk_.on_more(with);
  }

  void abandon(dialogue& with) override { answer_.break_off(with.text()); }

private:
  void on_found(dialogue&, uint32_t sequence, uint8_t score) override { answer_.add(sequence, score); }

  bool has_enough() const override { return answer_.has_enough(); }

  void on_looked(dialogue& with, uint32_t done, uint32_t goal) override { progress_.tell(with, done, goal); }

  void on_searched(dialogue& with, answer how) override {
    if (!save_result(with, answer_, how)) return;
    keep(with);
    how_ = how;
    tell(with);
  }

  void keep(dialogue& with) {
    if (!answer_.returns() || !answer_.returns()->update) return;
    search_context kept;
    kept.key = walk_.key();
    for (const uint32_t each : answer_.found()) kept.members.push_back({with.view().at(each).uid, {}});
    // Of what was not looked at nobody could tell changes.
    keep_context(with, answer_.returns(), by_uid_ && walk_.limit_code().empty(), std::move(kept));
  }

  void tell(dialogue& with) {
    if (!answer_.write(with, with.view(), "SEARCH")) return with.ask(more{});
    with.finish(*how_, walk_.limit_code());
  }

  bool by_uid_;
  search_answer answer_;
  search_walk walk_;
  progress progress_;
  std::optional<answer> how_; ///< once all is found
};

} // namespace

std::unique_ptr<running_command> make_search(parser& in, bool by_uid) {
  if (!in.space()) return nullptr;
  search_request request;
  if (!parse_search(in, request)) {
    const bool saves = request.returns && request.returns->save;
    return saves && in.error() == parse_errc::unknown_charset ? make_unsaved_refusal() : nullptr;
  }
  // RFC 9051 6.4.4: there is no SEARCH response any more.
  if (in.is_rev2() && !request.returns) request.returns.emplace().all = true;
  return std::make_unique<search>(std::move(request), by_uid);
}

} // namespace stagepost::imap
