#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace stagepost::storage {

// Which remote recipients are due when and where: an index over `spool_recipients`, made of what their
// records say and of nothing else. It is written with the record (spool_table.hpp), so it is never behind it;
// a row whose record is gone or says otherwise can only come from damage, and is to be dropped by whoever
// meets it.

/// Where a remote recipient's mail goes: what the record says, else the domain of the address in lower case;
/// at most max_destination octets.
std::string destination_of(const spool_recipient& recipient);
inline constexpr size_t max_destination = 255;

/// When it is due: at once as long as no attempt was made nor put off, whatever the clock said on arrival.
instant due_time_of(const spool_recipient& recipient);

/// The rows of one remote recipient.
void put_outbound(batch& b, queue_id id, const spool_recipient& recipient);
void delete_outbound(batch& b, queue_id id, const spool_recipient& recipient);

/// Drops the rows of a recipient whose record cannot be read. Reads the whole index.
result<done> delete_outbound_of(batch& b, const store& in, queue_id id, uint32_t index);

/// Names a recipient of a message.
using recipient_key = std::pair<queue_id, uint32_t>;

struct outbound_row {
  std::string destination;
  uint8_t priority = usual_priority; ///< read_outbound only
  instant due_at;
  queue_id id;
  uint32_t index = 0;
};

/// Drops the rows themselves, where they lead to nothing.
void delete_outbound_row(batch& b, const outbound_row& row);

/// What is due until some time, in order of time, from a place on.
struct due_page {
  std::vector<outbound_row> rows;
  bytes next; ///< where the next page begins; also when this was the last: what comes later comes behind it
  bool is_last = false;
};
result<due_page> read_due(const store&, bytes_view from, instant until, size_t limit, reach);

/// Where in that order a time begins.
bytes due_place(instant at);
/// Later than all.
inline constexpr instant end_of_time = instant::max();

/// When what is not due yet will be: the first time after `after`, if there is any.
result<std::optional<instant>> next_due(const store&, instant after, reach);

/// By priority, the keys at which first attempts began when they were read last. All that was sent since has
/// left a mark of its deletion before that place, and a read from the very beginning steps over each of them.
using outbound_begins = std::map<uint8_t, bytes>;

/// What is due at one destination: the highest priority first, of each the oldest. `skip`: those not wanted.
/// A time behind `furthest` was set before the clock went back and has come, too.
struct outbound_question {
  std::string destination;
  instant now;
  instant furthest;
  size_t limit = 100;
  std::set<recipient_key> skip;
  outbound_begins from = {};    ///< what came to lie before these places since is not found
  uint16_t priorities = 0xffff; ///< only these: bit n is priority n
};
struct outbound_rows {
  std::vector<outbound_row> rows;
  outbound_begins begins; ///< for the next question
};
result<outbound_rows> read_outbound(const store&, const outbound_question& what, reach);

/// All rows of a destination (empty: of all), in the order of keys, from a place on; for lists.
struct destination_page {
  std::vector<outbound_row> rows;
  bytes next; ///< empty: this was the last
};
result<destination_page> read_destinations(const store&, std::string_view destination, bytes_view from,
                                           size_t limit, reach);

/// The names of the first destinations that anything waits for: one look for each, however much that is.
result<std::vector<std::string>> read_destination_names(const store&, size_t limit, reach);

} // namespace stagepost::storage
