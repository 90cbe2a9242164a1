#include "protocols/imap/commands/select.hpp"

#include "protocols/imap/commands/message_set.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/object_id.hpp"
#include "protocols/imap/vanished.hpp"

#include <algorithm>
#include <optional>

namespace stagepost::imap {

namespace {

/// RFC 7162 3.2.5: what the client knows of the mailbox.
struct resync {
  stagepost::uid_validity uid_validity;
  modseq since;
  std::optional<sequence_set> known_uids; ///< absent: all
  sequence_set match_sequences, match_uids;
};

struct select_parameters {
  bool condstore = false;
  std::optional<resync> qresync;
};

class select_mailbox final : public running_command {
public:
  select_mailbox(std::string name, bool examine, select_parameters parameters)
      : name_(std::move(name)), examine_(examine), parameters_(std::move(parameters)) {}

  void begin(dialogue& with) override {
    if (parameters_.qresync && !with.uses(extension::qresync)) return with.finish(answer::not_enabled);
    // RFC 9586 3.1: nor may what is known be told by sequence numbers.
    if (parameters_.qresync && !parameters_.qresync->match_sequences.ranges.empty() &&
        with.uses(extension::uid_only))
      return with.finish(answer::uid_required);
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
    // RFC 4314 5.2.
    const bool read_only = examine_ || !opened.rights.has_any(rights_to_change);
    if (parameters_.condstore) with.use_condstore();
    with.select(std::make_unique<mailbox_view>(name_, std::move(opened), read_only));
    tell_about(with);
    // What was known of a mailbox of another UIDVALIDITY is void.
    if (parameters_.qresync && parameters_.qresync->uid_validity == with.view().uid_validity())
      return with.ask(read_expunged{parameters_.qresync->since});
    end(with);
  }

  void on_expunged(dialogue& with, outcome result, const expunged_since& found) override {
    // Without the log the comparison answers as well, with more words.
    const expunged_since known = result == outcome::done ? found : expunged_since{};
    gone_ = gone_since(with.view(), known_uids(with.view(), known.complete), known);
    synchronise(with);
  }

  void on_more(dialogue& with) override { synchronise(with); }

private:
  /// The UIDs the client has. Where all of them must be named that are gone, those are left out below which
  /// the client has proved to know which are left (RFC 7162 3.2.5.2).
  number_ranges known_uids(const mailbox_view& view, bool log_is_complete) const {
    const resync& had = *parameters_.qresync;
    number_ranges known = had.known_uids ? resolve(*had.known_uids, view.known_end())
                                         : number_ranges{{1, std::max(view.known_end(), 2u) - 1}};
    if (log_is_complete) return known;
    const uint32_t matched = matched_up_to(view);
    number_ranges left;
    for (const number_range& range : known)
      if (range.last > matched) left.push_back({std::max(range.first, matched + 1), range.last});
    return left;
  }

  uint32_t matched_up_to(const mailbox_view& view) const {
    const resync& had = *parameters_.qresync;
    uint32_t matched = 0;
    message_walk sequences(resolve(had.match_sequences, 0)), uids(resolve(had.match_uids, 0));
    for (; !sequences.at_end() && !uids.at_end(); ++sequences, ++uids) {
      if (*sequences > view.size() || view.at(*sequences).uid.value != *uids) break;
      matched = *uids;
    }
    return matched;
  }

  /// First what is gone, then what changed (RFC 7162 3.2.5.1).
  void synchronise(dialogue& with) {
    if (!write_vanished_earlier(with, gone_, next_gone_)) return with.ask(more{});
    const mailbox_view& view = with.view();
    const resync& had = *parameters_.qresync;
    if (next_ == 1 && had.known_uids) known_ = resolve(*had.known_uids, view.known_end());
    for (; next_ <= view.size(); ++next_) {
      if (with.out().has_enough()) return with.ask(more{});
      const message_entry& entry = view.at(next_);
      if (entry.modseq <= had.since) continue;
      if (!had.known_uids || contains(known_, entry.uid.value)) with.write_flags_of(next_, entry);
    }
    end(with);
  }

  void end(dialogue& with) { with.finish(with.view().read_only() ? answer::read_only : answer::read_write); }

  static void tell_about(dialogue& with) {
    const mailbox_view& view = with.view();
    with.write_flag_lists();
    bytes& out = with.text();
    out += "* ";
    write_number(out, view.size());
    out += " EXISTS\r\n";
    if (with.uses(extension::rev2)) {
      tell_name(with); // RFC 9051 6.3.2, which has neither RECENT nor UNSEEN
    } else {
      // Nobody keeps count of sessions that came before, so no message is ever \Recent.
      out += "* 0 RECENT\r\n";
      const uint32_t unseen = with.uses(extension::uid_only) ? 0 : view.first_unseen();
      if (unseen) put(with, "UNSEEN", std::to_string(unseen), "First unseen");
    }
    put(with, "UIDVALIDITY", std::to_string(view.uid_validity().value), "UIDs are valid");
    put(with, "UIDNEXT", std::to_string(view.uid_next().value), "Predicted next UID");
    put(with, "HIGHESTMODSEQ", std::to_string(std::max<uint64_t>(view.highest_modseq().value, 1)), "Highest");
    put(with, "MAILBOXID", "(" + mailbox_object_id(view.id()) + ")", "Mailbox ID"); // RFC 8474 4.2
  }

  static void tell_name(dialogue& with) {
    bytes& out = with.text();
    out += "* LIST () ";
    write_string(out, std::string_view(&with.settings().separator, 1));
    out += ' ';
    with.write_name(with.view().name());
    with.text() += "\r\n";
  }

  static void put(dialogue& with, std::string_view code, std::string_view value, std::string_view text) {
    (with.text() += "* OK [").append(code).append(" ").append(value).append("] ").append(text) += "\r\n";
  }

  std::string name_;
  bool examine_;
  select_parameters parameters_;
  number_ranges gone_;
  size_t next_gone_ = 0;
  number_ranges known_;
  uint32_t next_ = 1; ///< the message to be looked at next
};

class close_mailbox final : public running_command {
public:
  void begin(dialogue& with) override {
    // RFC 4314 4: without the right it is closed all the same.
    if (with.view().read_only() || !with.view().rights().has(right::expunge)) return end(with);
    with.ask(expunge{true, {}});
  }

  void on_outcome(dialogue& with, outcome result) override {
    const bool expunged = result == outcome::done || result == outcome::expunged;
    if (!expunged && result != outcome::not_permitted) return with.finish(answer_for(result));
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

bool has_star(const sequence_set& set) {
  return std::any_of(set.ranges.begin(), set.ranges.end(),
                     [](const number_range& range) { return range.first == 0 || range.last == 0; });
}

/// RFC 7162 7 `known-uids` and the like: a set without "*", and not "$".
bool read_known(parser& in, sequence_set& into) {
  auto set = in.sequence_set();
  if (!set) return false;
  if (has_star(*set) || set->is_saved) return in.fail(parse_errc::syntax, "* and $ are unknown here");
  into = std::move(*set);
  return true;
}

/// "(uidvalidity mod-sequence [known-uids] [(sequences uids)])".
bool read_resync(parser& in, resync& into) {
  if (!in.space() || !in.expect('(')) return false;
  const auto validity = in.number();
  if (!validity || !in.space()) return false;
  const auto since = in.number64();
  if (!since) return false;
  if (*validity == 0 || *since == 0) return in.fail(parse_errc::syntax, "zero is no such number");
  into.uid_validity = stagepost::uid_validity{*validity};
  into.since = modseq{*since};
  if (in.take(')')) return true;
  if (!in.space()) return false;
  if (!in.peek('(')) {
    into.known_uids.emplace();
    if (!read_known(in, *into.known_uids)) return false;
    if (in.take(')')) return true;
    if (!in.space()) return false;
  }
  if (!in.expect('(') || !read_known(in, into.match_sequences) || !in.space() ||
      !read_known(in, into.match_uids))
    return false;
  if (count(resolve(into.match_sequences, 0)) != count(resolve(into.match_uids, 0)))
    return in.fail(parse_errc::syntax, "the two sets must have as many numbers");
  return in.expect(')') && in.expect(')');
}

/// RFC 4466 2.1: of the select parameters we know CONDSTORE and QRESYNC.
bool read_parameters(parser& in, select_parameters& parameters) {
  if (in.at_end()) return true;
  if (!in.space() || !in.expect('(')) return false;
  do {
    if (in.take_word("CONDSTORE")) {
      parameters.condstore = true;
    } else if (!parameters.qresync && in.take_word("QRESYNC")) {
      if (!read_resync(in, parameters.qresync.emplace())) return false;
    } else {
      return in.fail(parse_errc::syntax, "unknown parameter");
    }
  } while (in.take(' '));
  return in.expect(')') && in.end();
}

std::unique_ptr<running_command> make(parser& in, bool examine) {
  if (!in.space()) return nullptr;
  auto name = in.mailbox();
  select_parameters parameters;
  if (!name || !read_parameters(in, parameters)) return nullptr;
  return std::make_unique<select_mailbox>(std::move(*name), examine, std::move(parameters));
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
