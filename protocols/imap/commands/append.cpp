#include "protocols/imap/commands/append.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

class append final : public running_command {
public:
  append(std::string mailbox, finish_append facts, uint64_t size_bytes, bool client_waits)
      : mailbox_(std::move(mailbox)), facts_(std::move(facts)), size_bytes_(size_bytes),
        client_waits_(client_waits) {}

  void begin(dialogue& with) override {
    const uint64_t limit = with.settings().max_append_bytes;
    if (size_bytes_ == 0) return with.refuse_literal(answer::empty_message);
    if (limit && size_bytes_ > limit) return with.refuse_literal(answer::too_big);
    with.ask(begin_append{mailbox_, size_bytes_});
  }

  void on_append_ready(dialogue& with, outcome result) override {
    if (result != outcome::done) return with.refuse_literal(answer_for(result, true));
    begun_ = true;
    with.stream_literal(client_waits_);
  }

  void on_piece(dialogue& with, bytes_view piece) override { with.out().add(write_body{bytes(piece)}); }

  void on_line(dialogue& with, bytes_view line) override {
    begun_ = false;
    if (trim(line).empty()) return with.ask(std::move(facts_));
    with.out().add(abort_append{});
    with.finish(answer::syntax);
  }

  void on_line_too_long(dialogue& with) override {
    abandon(with);
    with.finish(answer::line_too_long);
  }

  void on_appended(dialogue& with, const appended& result) override {
    if (result.outcome != outcome::done) return with.finish(answer_for(result.outcome, true));
    bytes code = "APPENDUID "; // RFC 4315 3
    write_number(code, result.uid_validity.value);
    code += ' ';
    write_number(code, result.uid.value);
    with.finish(answer::completed, code);
  }

  void abandon(dialogue& with) override {
    if (begun_) with.out().add(abort_append{});
    begun_ = false;
  }

private:
  std::string mailbox_;
  finish_append facts_;
  uint64_t size_bytes_;
  bool client_waits_;
  bool begun_ = false; ///< the store waits for the rest
};

} // namespace

std::unique_ptr<running_command> make_append(parser& in, uint64_t size_bytes, bool client_waits) {
  if (!in.space()) return nullptr;
  auto mailbox = in.mailbox();
  if (!mailbox || !in.space()) return nullptr;
  finish_append facts;
  if (in.peek('(')) {
    auto flags = in.flags(false);
    if (!flags || !in.space()) return nullptr;
    facts.flags = flags->flags;
    facts.keywords = std::move(flags->keywords);
  }
  if (in.peek('"')) {
    facts.internal_date = in.date_time();
    if (!facts.internal_date || !in.space()) return nullptr;
  }
  if (!in.at_last_literal()) {
    in.fail(parse_errc::syntax, "the message must be a literal");
    return nullptr;
  }
  return std::make_unique<append>(std::move(*mailbox), std::move(facts), size_bytes, client_waits);
}

std::unique_ptr<running_command> make_append_without_message(parser& in, bool) {
  in.fail(parse_errc::syntax, "the message must be a literal");
  return nullptr;
}

} // namespace stagepost::imap
