#include "storage/outbound_table.hpp"

#include "protocols/base/text.hpp"
#include "storage/batch_access.hpp"
#include "storage/key.hpp"

#include <utility>

namespace stagepost::storage {

std::string destination_of(const spool_recipient& recipient) {
  auto out = recipient.destination;
  if (out.empty()) {
    const auto at = recipient.address.rfind('@');
    if (at != recipient.address.npos) out = ascii_lower(std::string_view(recipient.address).substr(at + 1));
  }
  if (out.size() > max_destination) out.resize(max_destination);
  std::erase(out, '\0'); // ends the name in the key
  return out;
}

instant due_time_of(const spool_recipient& recipient) {
  return recipient.attempts == 0 && !recipient.is_put_off ? instant{} : recipient.due_at;
}

namespace {

bytes item_key(queue_id id, const spool_recipient& recipient) {
  return key::outbound_item(destination_of(recipient), recipient.priority, due_time_of(recipient), id,
                            recipient.index);
}

outbound_row row_of(const outbound_item_key& parts) {
  return {std::string(parts.destination), parts.priority, parts.due_at, parts.id, parts.index};
}

} // namespace

void put_outbound(batch& b, queue_id id, const spool_recipient& recipient) {
  batch_access::put(b, family::outbound_due, key::outbound_due(due_time_of(recipient), id, recipient.index),
                    destination_of(recipient));
  batch_access::put(b, family::outbound_destinations, item_key(id, recipient), {});
}

void delete_outbound(batch& b, queue_id id, const spool_recipient& recipient) {
  batch_access::remove(b, family::outbound_due,
                       key::outbound_due(due_time_of(recipient), id, recipient.index));
  batch_access::remove(b, family::outbound_destinations, item_key(id, recipient));
}

void delete_outbound_row(batch& b, const outbound_row& row) {
  batch_access::remove(b, family::outbound_due, key::outbound_due(row.due_at, row.id, row.index));
  batch_access::remove(b, family::outbound_destinations,
                       key::outbound_item(row.destination, row.priority, row.due_at, row.id, row.index));
}

result<done> delete_outbound_of(batch& b, const store& in, queue_id id, uint32_t index) {
  const auto scanned =
      in.scan(family::outbound_due, {}, {}, reach::disk, [&](bytes_view key, bytes_view value) {
        if (number_at(key, 8) != id.value || small_number_at(key, 16) != index) return true;
        outbound_row row{std::string(value), 0, from_unix_milliseconds(int64_t(number_at(key, 0))), id,
                         index};
        // His priority stands in the record only; a row that is not there is as good as one that was.
        for (row.priority = 1; row.priority <= highest_priority; ++row.priority) delete_outbound_row(b, row);
        return true;
      });
  if (!scanned) return scanned.error();
  return done{};
}

result<due_page> read_due(const store& in, bytes_view from, instant until, size_t limit,
                          storage::reach reach) {
  due_page out;
  out.next = bytes(from);
  out.is_last = true;
  const auto scanned = in.scan(family::outbound_due, {}, from, reach, [&](bytes_view key, bytes_view value) {
    const auto due_at = from_unix_milliseconds(int64_t(number_at(key, 0)));
    if (due_at > until) return false;
    if (out.rows.size() == limit) {
      out.is_last = false;
      return false;
    }
    out.rows.push_back(
        {std::string(value), usual_priority, due_at, queue_id{number_at(key, 8)}, small_number_at(key, 16)});
    out.next = bytes(key);
    out.next.push_back('\0'); // the first key behind it
    return true;
  });
  if (!scanned) return scanned.error();
  return out;
}

bytes due_place(instant at) { return key::outbound_due(at, queue_id{}, 0); }

result<std::optional<instant>> next_due(const store& in, instant after, storage::reach reach) {
  std::optional<instant> out;
  const auto from = key::outbound_due(after + std::chrono::milliseconds(1), queue_id{}, 0);
  const auto scanned = in.scan(family::outbound_due, {}, from, reach, [&](bytes_view key, bytes_view) {
    out = from_unix_milliseconds(int64_t(number_at(key, 0)));
    return false;
  });
  if (!scanned) return scanned.error();
  return out;
}

result<outbound_rows> read_outbound(const store& in, const outbound_question& what, storage::reach reach) {
  outbound_rows out;
  out.begins = what.from;
  const auto take = [&](const outbound_item_key& row) {
    if (what.skip.count({row.id, row.index}) == 0) out.rows.push_back(row_of(row));
    return out.rows.size() < what.limit;
  };
  for (uint8_t priority = highest_priority; priority > 0 && out.rows.size() < what.limit; --priority) {
    if ((what.priorities >> priority & 1) == 0) continue;
    const auto prefix = key::outbound_priority(what.destination, priority);
    const auto known = what.from.find(priority);
    bool is_first = true;
    const auto due =
        in.scan(family::outbound_destinations, prefix, known == what.from.end() ? bytes{} : known->second,
                reach, [&](bytes_view key, bytes_view) {
                  outbound_item_key row;
                  if (!take_outbound_item(key, row)) return true;
                  // First attempts come in order, so what comes next comes behind; those that
                  // are made again come anywhere.
                  if (std::exchange(is_first, false) && row.due_at == instant{})
                    out.begins[priority] = bytes(key);
                  return row.due_at <= what.now && take(row);
                });
    if (!due) return due.error();
    if (out.rows.size() >= what.limit || what.furthest == end_of_time) continue;
    const auto behind = key::outbound_item(what.destination, priority,
                                           what.furthest + std::chrono::milliseconds(1), queue_id{}, 0);
    const auto left_behind =
        in.scan(family::outbound_destinations, prefix, behind, reach, [&](bytes_view key, bytes_view) {
          outbound_item_key row;
          return !take_outbound_item(key, row) || take(row);
        });
    if (!left_behind) return left_behind.error();
  }
  return out;
}

result<destination_page> read_destinations(const store& in, std::string_view destination, bytes_view from,
                                           size_t limit, storage::reach reach) {
  destination_page out;
  if (limit == 0) return out;
  const auto prefix = destination.empty() ? bytes{} : key::outbound_destination(destination);
  const auto scanned =
      in.scan(family::outbound_destinations, prefix, from, reach, [&](bytes_view key, bytes_view) {
        if (out.rows.size() == limit) {
          out.next = bytes(key);
          return false;
        }
        if (outbound_item_key parts; take_outbound_item(key, parts)) out.rows.push_back(row_of(parts));
        return true;
      });
  if (!scanned) return scanned.error();
  return out;
}

result<std::vector<std::string>> read_destination_names(const store& in, size_t limit, storage::reach reach) {
  std::vector<std::string> out;
  bytes from;
  for (bool found = true; found && out.size() < limit;) {
    found = false;
    const auto scanned =
        in.scan(family::outbound_destinations, {}, from, reach, [&](bytes_view key, bytes_view) {
          outbound_item_key parts;
          if (!take_outbound_item(key, parts)) return true;
          out.emplace_back(parts.destination);
          found = true;
          return false;
        });
    if (!scanned) return scanned.error();
    if (!found) break;
    from = key::outbound_destination(out.back());
    ++from.back(); // behind the end of the name, and so behind all of that destination
  }
  return out;
}

} // namespace stagepost::storage
