#pragma once

#include "conf/limits.hpp"
#include "protocols/base/units.hpp"
#include "storage/hourly_record.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::throttle {

/// Mail that a domain sends: how much it is, and how much may be sent in an hour (DOM-72, USR-11).
struct sending {
  domain_id domain;
  account_id user;  ///< who logged in; zero: nobody
  std::string name; ///< for the log
  conf::domain_caps caps;
  conf::user_caps of_user;
  uint64_t messages = 0; ///< one for each recipient
  uint64_t octets = 0;   ///< once, however many recipients
};

/// Reports of failed deliveries for users of a domain (DOM-79).
struct bounces {
  domain_id domain;
  std::string name; ///< for the log
  conf::hourly_cap cap;
  uint64_t messages = 0; ///< one for each recipient
};

/// What a message adds to the hour. Has nothing in it that need not be counted: then nobody has to be asked.
struct charge {
  std::optional<sending> sent;
  std::vector<bounces> received;

  bool is_empty() const { return !sent && received.empty(); }
  bool may_be_refused() const {
    using conf::throttle_action;
    const auto refuses = [](const conf::hourly_cap& cap) { return cap.action == throttle_action::reject; };
    return (sent && (refuses(sent->caps.messages) || refuses(sent->caps.octets))) ||
           std::any_of(received.begin(), received.end(),
                       [&](const bounces& each) { return refuses(each.cap); });
  }
};

/// Would it be refused now? For telling a client before he sends it all; nothing is counted.
struct may_pass {
  charge what;
};
struct passage {
  instant refused_until = {}; ///< the end of the hour; zero: it is not refused
};

/// Counts a message that a shard is about to take in.
struct book_message {
  charge what;
  uint8_t shard = 0;
};
/// What was added, to be taken back should the message not be taken in.
struct entry {
  storage::hourly_key key;
  storage::hourly_counts added;
};
struct message_booked {
  instant refused_until = {}; ///< not zero: it is too much, nothing was counted
  instant sent_after = {};    ///< not zero: it is to wait until then
  /// Domains whose users are to wait for it, and until when.
  std::vector<std::pair<domain_id, instant>> received_after;
  /// To be written with the message: what the shard took in so far, and which hours are over.
  std::vector<storage::hourly_row> rows;
  std::vector<storage::hourly_key> over;
  std::vector<entry> entries;
};
/// The message was not taken in.
struct unbook_message {
  std::vector<entry> entries;
  uint8_t shard = 0;
};

/// "13:00 UTC", for people.
std::string time_of_day(instant at);

using throttle_actor =
    caf::typed_actor<caf::replies_to<may_pass>::with<passage>,
                     caf::replies_to<book_message>::with<message_booked>, caf::reacts_to<unbook_message>>;

} // namespace stagepost::throttle

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::may_pass)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::passage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::book_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::message_booked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::unbook_message)
