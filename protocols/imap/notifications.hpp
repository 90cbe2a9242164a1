#pragma once

#include "protocols/imap/commands/fetch_items.hpp"
#include "protocols/imap/commands/mailbox_filter.hpp"
#include "protocols/imap/session.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace stagepost::imap {

class dialogue;

/// RFC 5465 5, as bits of a set.
enum notify_event : uint8_t {
  notify_message_new = 1u << 0,
  notify_message_expunge = 1u << 1,
  notify_flag_change = 1u << 2,
  notify_mailbox_name = 1u << 3,
  notify_subscription_change = 1u << 4,
  notify_mailbox_metadata = 1u << 5,
  notify_server_metadata = 1u << 6,
};
inline constexpr uint8_t notify_messages = notify_message_new | notify_message_expunge | notify_flag_change;

/// What NOTIFY SET asks for; as made by default, what NOTIFY NONE does.
struct notify_request {
  /// What is told of the selected mailbox while no command runs. Delayed: all but what is gone.
  enum class selected_mode : uint8_t { none, delayed, immediate };
  /// Mailboxes and what is told of them; no events: nothing, whatever later groups say.
  struct group {
    mailbox_filter mailboxes;
    uint8_t events = 0;
  };

  selected_mode selected = selected_mode::none;
  bool selected_flags = false;
  std::optional<fetch_request> of_new_messages; ///< told of each that comes into the selected mailbox
  std::vector<group> groups;

  /// The first group that lets the mailbox through and has the event, or has none at all, decides.
  bool wants(uint8_t event, const mailbox_info& mailbox, char separator) const;
};

// What waits to be told, at most. Messages of one mailbox wait as one event.
inline constexpr size_t max_waiting_events = 500;
inline constexpr size_t max_waiting_event_bytes = 128 * 1024;

/// What one client wants to be told without asking (RFC 5465), and what of that waits.
class notifications {
public:
  explicit notifications(notify_request request) : request_(std::move(request)) {}

  const notify_request& request() const { return request_; }
  /// Whether anything beside the selected mailbox is watched.
  bool watches_account() const;

  /// Keeps the event if it is wanted. When too much waits all is dropped, and no more is taken.
  void take(mailbox_event event, char separator);
  /// Writes what waits. False when the output has enough.
  bool tell(dialogue& with);
  /// Too much waited: the client must be told, and that there will be no more (RFC 5465 5.8).
  bool has_overflowed() const { return overflowed_; }
  bool has_news() const { return overflowed_ || !waiting_.empty(); }

private:
  bool wants(const mailbox_event& event, char separator) const;
  bool merge(mailbox_event& event);

  notify_request request_;
  std::deque<mailbox_event> waiting_;
  size_t waiting_bytes_ = 0;
  bool overflowed_ = false;
};

/// What STATUS tells of a mailbox to who is notified.
void write_notified_status(dialogue& with, const std::string& name, const mailbox_status& found);

} // namespace stagepost::imap
