#include "protocols/imap/commands/copy.hpp"

#include "protocols/imap/commands/message_set.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"

namespace stagepost::imap {

namespace {

/// RFC 4315 3: the two sets name the pairs in order, so they are written as they come.
void write_uid_set(bytes& out, const std::vector<uid>& uids) {
  range_writer writer(out);
  for (const uid each : uids) writer.add(each.value);
  writer.finish();
}

class copy final : public running_command {
public:
  copy(sequence_set set, std::string to, bool by_uid, bool move)
      : set_(std::move(set)), to_(std::move(to)), by_uid_(by_uid), move_(move) {}

  bool is_by_uid() const override { return by_uid_; }
  bool removes_messages() const override { return move_; }

  void begin(dialogue& with) override {
    const mailbox_view& view = with.view();
    if (move_ && view.read_only()) return with.finish(answer::mailbox_is_read_only);
    // RFC 6851 3.3 with RFC 4314 4: as STORE \Deleted and EXPUNGE do it.
    if (move_ && !view.rights().has_all(rights_of(right::mark, right::expunge)))
      return with.finish(answer::not_permitted);
    number_ranges found;
    if (!view.select(set_, by_uid_, found)) return with.finish(answer::no_such_message);
    // RFC 9738 3.1: COPY adds all or none; what MOVE leaves behind shows.
    if (!move_ && with.are_too_many(found)) return with.refuse_so_many();
    limit_code_ = keep_newest(with, view, found);
    std::vector<uid> uids = uids_of(view, found);
    if (uids.empty()) return with.finish(answer::completed);
    with.ask(copy_messages{std::move(uids), std::move(to_), move_});
  }

  void on_copied(dialogue& with, const copied& result) override {
    if (result.outcome != outcome::done && result.outcome != outcome::expunged)
      return with.finish(answer_for(result.outcome, true));
    if (result.from.empty() || result.from.size() != result.to.size())
      return with.finish(answer::all_expunged);
    bytes code = "COPYUID ";
    write_number(code, result.uid_validity.value);
    code += ' ';
    write_uid_set(code, result.from);
    code += ' ';
    write_uid_set(code, result.to);
    if (!move_) return with.finish(answer::completed, code);
    // RFC 6851 4.3: told before the EXPUNGEs.
    (with.text() += "* OK [").append(code) += "] Moved\r\n";
    // A client that synchronises finds the last change later; where to go on it could not know.
    if (!limit_code_.empty()) return with.finish(answer::completed, limit_code_);
    with.finish_with_highest(answer::completed);
  }

private:
  sequence_set set_;
  std::string to_;
  bool by_uid_;
  bool move_;
  bytes limit_code_; ///< where not all were moved
};

std::unique_ptr<running_command> make(parser& in, bool by_uid, bool move) {
  if (!in.space()) return nullptr;
  auto set = in.sequence_set();
  if (!set || !in.space()) return nullptr;
  auto to = in.mailbox();
  if (!to || !in.end()) return nullptr;
  return std::make_unique<copy>(std::move(*set), std::move(*to), by_uid, move);
}

} // namespace

std::unique_ptr<running_command> make_copy(parser& in, bool by_uid) { return make(in, by_uid, false); }
std::unique_ptr<running_command> make_move(parser& in, bool by_uid) { return make(in, by_uid, true); }

} // namespace stagepost::imap
