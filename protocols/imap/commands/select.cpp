#include "protocols/imap/commands/select.hpp"

#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

class select_mailbox final : public running_command {
public:
  select_mailbox(std::string name, bool examine, bool condstore)
      : name_(std::move(name)), examine_(examine), condstore_(condstore) {}

  void begin(dialogue& with) override {
    // A failed SELECT leaves nothing selected either (RFC 3501 6.3.1).
    if (with.phase() == phase::selected) {
      with.unselect();
      // RFC 7162 3.2.11.
      with.text() += "* OK [CLOSED] Previous mailbox closed\r\n";
    }
    with.ask(open_mailbox{name_, examine_});
  }

  void on_opened(dialogue& with, outcome result, selected_mailbox opened) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    const bool read_only = examine_ || opened.read_only;
    if (condstore_) with.use_condstore();
    with.select(std::make_unique<mailbox_view>(name_, std::move(opened), read_only));
    tell_about(with);
    with.finish(read_only ? answer::read_only : answer::read_write);
  }

private:
  static void tell_about(dialogue& with) {
    const mailbox_view& view = with.view();
    with.write_flag_lists();
    bytes& out = with.text();
    out += "* ";
    write_number(out, view.size());
    // Nobody keeps count of sessions that came before, so no message is ever \Recent.
    out += " EXISTS\r\n* 0 RECENT\r\n";
    if (const uint32_t unseen = view.first_unseen()) put(out, "UNSEEN", unseen, "First unseen");
    put(out, "UIDVALIDITY", view.uid_validity().value, "UIDs are valid");
    put(out, "UIDNEXT", view.uid_next().value, "Predicted next UID");
    put(out, "HIGHESTMODSEQ", std::max<uint64_t>(view.highest_modseq().value, 1), "Highest");
  }

  static void put(bytes& out, std::string_view code, uint64_t number, std::string_view text) {
    (out += "* OK [").append(code) += ' ';
    write_number(out, number);
    (out += "] ").append(text) += "\r\n";
  }

  std::string name_;
  bool examine_;
  bool condstore_;
};

class close_mailbox final : public running_command {
public:
  void begin(dialogue& with) override {
    if (with.view().read_only()) return end(with);
    with.ask(expunge{true, {}});
  }

  void on_outcome(dialogue& with, outcome result) override {
    if (result != outcome::done && result != outcome::expunged) return with.finish(answer_for(result));
    end(with);
  }

private:
  static void end(dialogue& with) {
    with.unselect();
    with.finish(answer::completed);
  }
};

class unselect_mailbox final : public running_command {
public:
  void begin(dialogue& with) override {
    with.unselect();
    with.finish(answer::completed);
  }
};

/// RFC 4466 2.1: of the select parameters we know CONDSTORE.
bool read_parameters(parser& in, bool& condstore) {
  if (in.at_end()) return true;
  if (!in.space() || !in.expect('(')) return false;
  do {
    if (!in.take_word("CONDSTORE")) return in.fail(parse_errc::syntax, "unknown parameter");
    condstore = true;
  } while (in.take(' '));
  return in.expect(')') && in.end();
}

std::unique_ptr<running_command> make(parser& in, bool examine) {
  if (!in.space()) return nullptr;
  auto name = in.mailbox();
  bool condstore = false;
  if (!name || !read_parameters(in, condstore)) return nullptr;
  return std::make_unique<select_mailbox>(std::move(*name), examine, condstore);
}

} // namespace

std::unique_ptr<running_command> make_select(parser& in, bool) { return make(in, false); }
std::unique_ptr<running_command> make_examine(parser& in, bool) { return make(in, true); }

std::unique_ptr<running_command> make_close(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<close_mailbox>();
}

std::unique_ptr<running_command> make_unselect(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<unselect_mailbox>();
}

} // namespace stagepost::imap
