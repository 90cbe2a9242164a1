#include "protocols/imap/commands/notify.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/notifications.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::imap {

namespace {

using selected_mode = notify_request::selected_mode;

struct event_name {
  std::string_view name;
  uint8_t bit;
};

constexpr event_name event_names[] = {
    {"MessageNew", notify_message_new},
    {"MessageExpunge", notify_message_expunge},
    {"FlagChange", notify_flag_change},
    {"MailboxName", notify_mailbox_name},
    {"SubscriptionChange", notify_subscription_change},
    {"MailboxMetadataChange", notify_mailbox_metadata},
    {"ServerMetadataChange", notify_server_metadata},
};

class notify final : public running_command {
public:
  notify(notify_request request, bool with_status, bool has_unknown_events)
      : request_(std::move(request)), with_status_(with_status), has_unknown_events_(has_unknown_events) {}

  void begin(dialogue& with) override {
    if (has_unknown_events_) return refuse(with);
    if (request_.of_new_messages && request_.of_new_messages->wants(fetch_kind::modseq)) with.use_condstore();
    // Before anything is asked: what happens from here on is told.
    with.set_notifications(request_);
    if (!with_status_) return with.finish(answer::completed);
    with.ask(list_mailboxes{});
  }

  void on_mailboxes(dialogue& with, outcome result, std::vector<mailbox_info> found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    std::erase_if(found, [&](const mailbox_info& each) {
      // What happens in mailboxes of others is not told.
      return each.no_select || each.foreign ||
             !request_.wants(notify_message_new, each, with.settings().separator);
    });
    mailboxes_ = std::move(found);
    ask_next(with);
  }

  /// RFC 5465 3.1: how each of them stands now, but for the selected one.
  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    if (result == outcome::done && !with.has_selected(found.id))
      write_notified_status(with, mailboxes_[next_].name, found);
    ++next_;
    if (with.out().has_enough()) return with.ask(more{});
    ask_next(with);
  }

  void on_more(dialogue& with) override { ask_next(with); }

private:
  void ask_next(dialogue& with) {
    if (next_ == mailboxes_.size()) return with.finish(answer::completed);
    with.ask(read_status{mailboxes_[next_].name});
  }

  static void refuse(dialogue& with) {
    bytes code = "BADEVENT (";
    for (const event_name& each : event_names) (code += &each == event_names ? "" : " ").append(each.name);
    with.finish(answer::unknown_event, code += ')');
  }

  notify_request request_;
  bool with_status_;
  bool has_unknown_events_;
  std::vector<mailbox_info> mailboxes_; ///< whose status is told
  size_t next_ = 0;
};

/// "(MessageNew (UID) MessageExpunge)" or NONE. Event names we do not know are no syntax error.
bool read_events(parser& in, bool of_selected, uint8_t& events, notify_request& request, bool& has_unknown) {
  if (in.take_word("NONE")) return true;
  if (!in.expect('(')) return false;
  do {
    const auto word = in.atom();
    if (!word) return false;
    const auto known = std::find_if(std::begin(event_names), std::end(event_names),
                                    [&](const event_name& each) { return ascii_iequals(each.name, *word); });
    if (known == std::end(event_names)) {
      has_unknown = true;
      continue;
    }
    events |= known->bit;
    if (known->bit != notify_message_new) continue;
    // One space only: after it comes the list, or the next event.
    parser ahead = in;
    if (!ahead.take(' ') || !ahead.peek('(')) continue;
    if (!of_selected) return in.fail(parse_errc::syntax, "only of the selected mailbox");
    in.take(' ');
    if (!parse_fetch_list(in, request.of_new_messages.emplace())) return false;
  } while (in.take(' '));
  return in.expect(')');
}

/// RFC 5465 5: none of these comes without the others.
bool check_events(parser& in, uint8_t events, bool of_selected) {
  const bool made = events & notify_message_new, gone = events & notify_message_expunge;
  if (made != gone || ((events & notify_flag_change) && !made))
    return in.fail(parse_errc::syntax, "MessageNew and MessageExpunge go together, and with FlagChange");
  if (of_selected && (events & ~notify_messages))
    return in.fail(parse_errc::syntax, "the selected mailbox has no such events");
  return true;
}

bool read_group(parser& in, size_t& names_left, notify_request& request, bool& has_selected,
                bool& has_unknown) {
  if (!in.expect('(')) return false;
  selected_mode mode = selected_mode::none;
  mailbox_filter filter;
  if (in.take_word("SELECTED-DELAYED")) {
    mode = selected_mode::delayed;
  } else {
    auto read = parse_mailbox_filter(in, names_left);
    if (!read) return false;
    if (read->what == mailbox_filter::choice::selected) mode = selected_mode::immediate;
    filter = std::move(*read);
  }
  const bool of_selected = mode != selected_mode::none;
  if (of_selected && std::exchange(has_selected, true))
    return in.fail(parse_errc::syntax, "the selected mailbox is named twice");
  uint8_t events = 0;
  if (!in.space() || !read_events(in, of_selected, events, request, has_unknown) || !in.expect(')'))
    return false;
  if (!has_unknown && !check_events(in, events, of_selected)) return false;
  if (!of_selected) {
    request.groups.push_back({std::move(filter), events});
  } else if (events != 0) {
    request.selected = mode;
    request.selected_flags = events & notify_flag_change;
  }
  return true;
}

} // namespace

std::unique_ptr<running_command> make_notify(parser& in, bool) {
  notify_request request;
  if (!in.space()) return nullptr;
  if (in.take_word("NONE")) {
    if (!in.end()) return nullptr;
    return std::make_unique<notify>(std::move(request), false, false);
  }
  if (!in.take_word("SET")) {
    in.fail(parse_errc::syntax, "SET or NONE expected");
    return nullptr;
  }
  if (!in.space()) return nullptr;
  const bool with_status = in.take_word("STATUS");
  if (with_status && !in.space()) return nullptr;
  size_t names_left = max_filter_names, groups = 0;
  bool has_selected = false, has_unknown = false;
  do {
    if (++groups > max_notify_groups) {
      in.fail(parse_errc::too_complex, "too many groups");
      return nullptr;
    }
    if (!read_group(in, names_left, request, has_selected, has_unknown)) return nullptr;
  } while (in.take(' '));
  if (!in.end()) return nullptr;
  return std::make_unique<notify>(std::move(request), with_status, has_unknown);
}

} // namespace stagepost::imap
