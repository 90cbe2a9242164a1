#include "protocols/imap/commands/expunge.hpp"

#include "protocols/imap/commands/message_set.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"

namespace stagepost::imap {

namespace {

class expunge_messages final : public running_command {
public:
  explicit expunge_messages(std::optional<sequence_set> uids) : uids_(std::move(uids)) {}

  bool is_by_uid() const override { return uids_.has_value(); }
  bool removes_messages() const override { return true; }

  void begin(dialogue& with) override {
    if (with.view().read_only()) return with.finish(answer::mailbox_is_read_only);
    if (!with.view().rights().has(right::expunge)) return with.finish(answer::not_permitted);
    if (!uids_) return with.ask(expunge{true, {}});
    number_ranges found;
    with.view().select(*uids_, true, found);
    limit_code_ = keep_newest(with, with.view(), found);
    std::vector<uid> uids = uids_of(with.view(), found);
    if (uids.empty()) return with.finish(answer::completed);
    with.ask(expunge{false, std::move(uids)});
  }

  void on_outcome(dialogue& with, outcome result) override {
    // What is gone already was to go anyway.
    if (result != outcome::done && result != outcome::expunged) return with.finish(answer_for(result));
    // A client that synchronises finds the last change later; where to go on it could not know.
    if (!limit_code_.empty()) return with.finish(answer::completed, limit_code_);
    with.finish_with_highest(answer::completed);
  }

private:
  std::optional<sequence_set> uids_;
  bytes limit_code_; ///< where not all were looked at
};

} // namespace

std::unique_ptr<running_command> make_expunge(parser& in, bool by_uid) {
  std::optional<sequence_set> uids;
  if (by_uid) {
    if (!in.space() || !(uids = in.sequence_set())) return nullptr;
  }
  if (!in.end()) return nullptr;
  return std::make_unique<expunge_messages>(std::move(uids));
}

} // namespace stagepost::imap
