#include "protocols/imap/notifications.hpp"

#include "protocols/imap/commands/create.hpp"
#include "protocols/imap/commands/status.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

using kind = mailbox_event::kind;

bool is_about_messages(const mailbox_event& event) { return event.what <= kind::flags_changed; }

size_t size_of(const mailbox_event& event) {
  size_t bytes = sizeof event + event.mailbox.name.size() + event.old_name.size();
  for (const std::string& entry : event.entries) bytes += sizeof entry + entry.size();
  return bytes;
}

uint8_t event_of(const mailbox_event& event) {
  switch (event.what) {
  case kind::messages_new: return notify_message_new;
  case kind::messages_expunged: return notify_message_expunge;
  case kind::flags_changed: return notify_flag_change;
  case kind::created:
  case kind::deleted:
  case kind::renamed: return notify_mailbox_name;
  case kind::subscription: return notify_subscription_change;
  case kind::annotations:
    return event.mailbox.name.empty() ? notify_server_metadata : notify_mailbox_metadata;
  }
  return 0;
}

/// RFC 5465 5.4 and 5.5.
void write_list(dialogue& with, const mailbox_event& event) {
  bytes& out = with.text();
  out += "* LIST (";
  const char* gap = "";
  const auto put = [&](std::string_view attribute) {
    out.append(gap).append(attribute);
    gap = " ";
  };
  if (event.what == kind::deleted) {
    put("\\NonExistent");
  } else {
    if (event.mailbox.subscribed) put("\\Subscribed");
    if (event.mailbox.use != special_use::none) put(name_of(event.mailbox.use));
  }
  out += ") ";
  write_string(out, std::string_view(&with.settings().separator, 1));
  out += ' ';
  with.write_name(event.mailbox.name);
  if (event.what == kind::renamed) {
    with.text() += " (\"OLDNAME\" (";
    with.write_name(event.old_name);
    with.text() += "))";
  }
  with.text() += "\r\n";
}

/// RFC 5464 4.4.2: names without values.
void write_changed_entries(dialogue& with, const mailbox_event& event) {
  with.text() += "* METADATA ";
  with.write_name(event.mailbox.name);
  bytes& out = with.text();
  for (const std::string& entry : event.entries) {
    out += ' ';
    write_astring(out, entry);
  }
  out += "\r\n";
}

} // namespace

void write_notified_status(dialogue& with, const std::string& name, const mailbox_status& found) {
  status_items items = status_items_named({"MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"});
  // RFC 5465 5.1: only who knows CONDSTORE is told.
  if (with.uses_condstore()) items.push_back(status_items_named({"HIGHESTMODSEQ"}).front());
  write_status(with, name, items, found);
}

bool notify_request::wants(uint8_t event, const mailbox_info& mailbox, char separator) const {
  for (const group& each : groups) {
    // Of the account itself; and who is no longer subscribed to was so before.
    const bool anywhere =
        event == notify_server_metadata ||
        (event == notify_subscription_change && each.mailboxes.what == mailbox_filter::choice::subscribed);
    if (!anywhere && !lets_through(each.mailboxes, mailbox, {}, separator)) continue;
    if (each.events == 0 && !anywhere) return false;
    if (each.events & event) return true;
  }
  return false;
}

bool notifications::watches_account() const {
  return std::any_of(request_.groups.begin(), request_.groups.end(),
                     [](const notify_request::group& each) { return each.events != 0; });
}

bool notifications::wants(const mailbox_event& event, char separator) const {
  const uint8_t bit = event_of(event);
  if (request_.wants(bit, event.mailbox, separator)) return true;
  if (event.what != kind::renamed) return false;
  mailbox_info before = event.mailbox;
  before.name = event.old_name;
  return request_.wants(bit, before, separator);
}

/// Whether the event has become part of one that waits: the last status of a mailbox is the one that counts.
bool notifications::merge(mailbox_event& event) {
  if (!is_about_messages(event)) return false;
  for (auto at = waiting_.rbegin(); at != waiting_.rend(); ++at) {
    // Names before and after a change of the list must not be mixed up.
    if (at->what == kind::created || at->what == kind::deleted || at->what == kind::renamed) return false;
    if (!is_about_messages(*at) || at->status.id != event.status.id) continue;
    at->status = event.status;
    return true;
  }
  return false;
}

void notifications::take(mailbox_event event, char separator) {
  if (overflowed_ || !wants(event, separator) || merge(event)) return;
  waiting_bytes_ += size_of(event);
  waiting_.push_back(std::move(event));
  if (waiting_.size() <= max_waiting_events && waiting_bytes_ <= max_waiting_event_bytes) return;
  waiting_ = {};
  waiting_bytes_ = 0;
  overflowed_ = true;
}

bool notifications::tell(dialogue& with) {
  while (!waiting_.empty()) {
    if (with.out().has_enough()) return false;
    const mailbox_event event = std::move(waiting_.front());
    waiting_.pop_front();
    if (event.what == kind::annotations)
      write_changed_entries(with, event);
    else if (!is_about_messages(event))
      write_list(with, event);
    else if (!with.has_selected(event.status.id)) // of that one the numbers are told
      write_notified_status(with, event.mailbox.name, event.status);
  }
  waiting_bytes_ = 0;
  return true;
}

} // namespace stagepost::imap
