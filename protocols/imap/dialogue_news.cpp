#include "protocols/imap/dialogue.hpp"

#include "protocols/imap/message_limit.hpp"
#include "protocols/imap/vanished.hpp"

#include <algorithm>

// What a dialogue tells: the news of the mailbox and how a command ended.

namespace stagepost::imap {

/// Writes the untagged responses for what the view takes up.
class dialogue::news_writer final : public news_listener {
public:
  explicit news_writer(dialogue& with) : with_(with), vanished_(with) {}
  ~news_writer() override { vanished_.end(); }

  void on_message_expunged(uint32_t sequence, uid which) override {
    if (with_.tells_vanished()) return vanished_.add(which);
    bytes& out = with_.text();
    out += "* ";
    write_number(out, sequence);
    out += " EXPUNGE\r\n";
  }

  void on_changed(uint32_t sequence, const message_entry& before, const message_entry& now) override {
    // Sequence numbers are those after what has vanished.
    vanished_.end();
    if (with_.notify_ && !with_.notify_->request().selected_flags) return;
    if (before.flags != now.flags || before.keywords != now.keywords || with_.condstore_)
      with_.write_flags_of(sequence, now);
  }

  bool wants_more() override { return !with_.out_.has_enough(); }

private:
  dialogue& with_;
  vanished_writer vanished_;
};

void dialogue::finish(answer how, std::string_view code) {
  line_limit_ = 0;
  streaming_ = reads_on_ = false;
  ending_ = tagged(how, code, {});
  wind_up();
}

/// Tells what may be told, then the tagged reply; comes again from on_more where that is too much for one
/// list.
void dialogue::wind_up() {
  if (view_ && hides_news() && !running_->removes_messages()) {
    tell_size();
  } else if (view_ && !tell_news(running_->may_tell_expunges())) {
    ask(more{});
    return;
  }
  // In front of the reply: what others did to the list of mailboxes was before what this command did.
  if (notify_ && !notify_->tell(*this)) {
    ask(more{});
    return;
  }
  text() += ending_;
  ending_ = bytes{};
  finished_ = true;
}

bool dialogue::tell_news(bool with_expunges) {
  if (!view_->has_news(with_expunges)) return true;
  if (view_->keywords_grew()) write_flag_lists();
  bool all_told;
  {
    news_writer writer(*this); // ends its last line
    all_told = view_->take_news(with_expunges, writer);
  }
  if (!all_told) return false;
  tell_size();
  return true;
}

void dialogue::tell_size() {
  const uint32_t before = view_->announced(), now = view_->size();
  if (now > before) {
    bytes& out = text();
    out += "* ";
    write_number(out, now);
    out += " EXISTS\r\n";
    if (notify_ && notify_->request().of_new_messages)
      fresh_.push_back({view_->at(before + 1).uid.value, view_->at(now).uid.value});
  }
  view_->set_announced();
}

/// Whether the client gave up hearing of the selected mailbox (RFC 5465 3.1, 6.1): then its numbers stay as
/// they are until it takes messages away itself.
bool dialogue::hides_news() const {
  return notify_ && notify_->request().selected == notify_request::selected_mode::none;
}

void dialogue::tell_news_at_once() {
  if (view_ && !hides_news() && !tell_news(true)) ask(more{});
}

void dialogue::write_flags_of(uint32_t sequence, const message_entry& entry) {
  bytes& out = text();
  out += "* ";
  if (uses(extension::uid_only)) {
    write_number(out, entry.uid.value);
    out += " UIDFETCH ("; // RFC 9586 3.3
  } else {
    write_number(out, sequence);
    out += " FETCH (";
  }
  // A client that synchronises by UIDs need not know the number (RFC 7162 3.2).
  const bool named = (running_ && running_->is_by_uid()) || uses(extension::qresync);
  if (named && !uses(extension::uid_only)) {
    out += "UID ";
    write_number(out, entry.uid.value);
    out += ' ';
  }
  out += "FLAGS (";
  write_flag_names(out, entry.flags, entry.keywords, view_->keywords());
  out += ')';
  if (condstore_) {
    out += " MODSEQ (";
    write_number(out, entry.modseq.value);
    out += ')';
  }
  out += ")\r\n";
}

void dialogue::write_name(std::string_view name) {
  if (speaks_utf8())
    write_utf8_string(text(), name);
  else
    write_mailbox(text(), name);
}

void dialogue::write_flag_lists() {
  const std::vector<std::string>& keywords = view_->keywords();
  const uint64_t all_keywords = keywords.size() >= 64 ? ~uint64_t(0) : (uint64_t(1) << keywords.size()) - 1;
  bytes& out = text();
  out += "* FLAGS (";
  write_flag_names(out, ~0u, all_keywords, keywords);
  out += ")\r\n* OK [PERMANENTFLAGS (";
  if (!view_->read_only()) {
    // RFC 4314 5.1.1.
    const bool writes = view_->rights().has(right::write);
    write_flag_names(out, settable_flags(view_->rights()), writes ? all_keywords : 0, keywords);
    if (writes && keywords.size() < max_keywords) out += " \\*";
  }
  out += ")] Flags that are kept\r\n";
  view_->set_keywords_announced();
}

void dialogue::enable(extension which) {
  enabled_ |= uint8_t(1u << uint8_t(which));
  // RFC 7162 3.2.5: QRESYNC is a CONDSTORE enabling command.
  if (which == extension::condstore || which == extension::qresync) use_condstore();
}

void dialogue::use_condstore() {
  if (condstore_) return;
  condstore_ = true;
  if (!view_) return;
  bytes& out = text();
  out += "* OK [HIGHESTMODSEQ ";
  write_number(out, std::max<uint64_t>(view_->highest_modseq().value, 1));
  out += "] Highest\r\n";
}

void dialogue::finish_with_highest(answer how) {
  if (!uses(extension::qresync)) return finish(how);
  bytes code = "HIGHESTMODSEQ ";
  write_number(code, std::max<uint64_t>(view_->highest_modseq().value, 1));
  finish(how, code);
}

void dialogue::refuse_so_many() { finish(answer::too_many_messages, message_limit_code(*this)); }

bytes dialogue::tagged(answer how, std::string_view code, std::string_view detail) {
  const answer_text& words = text_of(how);
  if (words.status == "BAD") ++bad_commands_;
  bytes line = tag_;
  (line += ' ').append(words.status) += ' ';
  if (code.empty()) code = words.code;
  if (!code.empty()) (line += '[').append(code) += "] ";
  if (words.text == "completed") {
    if (command_has_uid_) line += "UID ";
    line.append(command_name_) += ' ';
  }
  line += words.text;
  if (!detail.empty()) (line += ": ").append(detail);
  return line += "\r\n";
}

void dialogue::write_tagged(answer how, std::string_view code, std::string_view detail) {
  text() += tagged(how, code, detail);
}

} // namespace stagepost::imap
