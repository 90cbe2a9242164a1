#include "storage/spool_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/outbound_table.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

void put_spool(batch& b, const spool_record& message) {
  batch_access::put(b, family::spool, key::queue(message.id), encode(message));
}

void delete_spool(batch& b, queue_id id) { batch_access::remove(b, family::spool, key::queue(id)); }

result<spool_record> read_spool(const store& in, queue_id id, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::spool, key::queue(id), value, reach); !found) return found.error();
  return decode_spool(id, to_view(value));
}

result<spool_page> read_spool_page(const store& in, queue_id from, size_t limit, storage::reach reach) {
  spool_page out;
  if (limit == 0) return out;
  const auto scanned =
      in.scan(family::spool, {}, key::queue(from), reach, [&](bytes_view key, bytes_view value) {
        const queue_id id{number_at(key, 0)};
        if (out.messages.size() + out.damaged.size() == limit) {
          out.next = id;
          return false;
        }
        if (auto message = decode_spool(id, value))
          out.messages.push_back(std::move(*message));
        else
          out.damaged.push_back(id);
        return true;
      });
  if (!scanned) return scanned.error();
  return out;
}

namespace {

/// Records looked at for one page of find_waiting_here.
constexpr size_t messages_passed = 10000;
constexpr size_t recipients_passed = 100000;

/// All messages of the spool from a number on, whatever they are, up to `next`.
result<waiting_here> all_waiting(const store& in, queue_id from, storage::reach reach) {
  waiting_here out;
  const auto scanned = in.scan(family::spool, {}, key::queue(from), reach, [&](bytes_view key, bytes_view) {
    const queue_id id{number_at(key, 0)};
    if (out.messages.size() == messages_passed) {
      out.next = id;
      return false;
    }
    out.messages.push_back(id);
    return true;
  });
  if (!scanned) return scanned.error();
  return out;
}

} // namespace

result<waiting_here> find_waiting_here(const store& in, queue_id from, size_t limit, storage::reach reach) {
  auto out = all_waiting(in, from, reach);
  if (!out || out->messages.empty()) return out;
  // Both families are in the order of the numbers: one pass through each does it.
  std::vector<queue_id> elsewhere;
  queue_id at;
  bool is_elsewhere = false;
  size_t seen = 0;
  const auto scanned = in.scan(family::spool_recipients, {}, key::queue(out->messages.front()), reach,
                               [&](bytes_view key, bytes_view value) {
                                 if (const queue_id id{number_at(key, 0)}; id != at) {
                                   if (is_elsewhere) elsewhere.push_back(at);
                                   is_elsewhere = false;
                                   if (id > out->messages.back()) return false;
                                   if (seen >= recipients_passed) {
                                     out->next = id;
                                     return false;
                                   }
                                   at = id;
                                   is_elsewhere = true;
                                 }
                                 ++seen;
                                 const auto recipient = decode_recipient(small_number_at(key, 8), value);
                                 is_elsewhere =
                                     is_elsewhere && recipient && recipient->state == recipient_state::remote;
                                 return true;
                               });
  if (!scanned) return scanned.error();
  if (is_elsewhere) elsewhere.push_back(at);
  std::vector<queue_id> here;
  for (const auto id : out->messages) {
    if (out->next && id >= out->next) break;
    if (std::binary_search(elsewhere.begin(), elsewhere.end(), id)) continue;
    if (here.size() == limit) {
      out->next = id;
      break;
    }
    here.push_back(id);
  }
  out->messages = std::move(here);
  return out;
}

result<spool_count> count_spool(const store& in, queue_id from, size_t limit, storage::reach reach) {
  spool_count out;
  const auto scanned = in.scan(family::spool, {}, key::queue(from), reach, [&](bytes_view key, bytes_view) {
    if (out.messages == limit) {
      out.next = queue_id{number_at(key, 0)};
      return false;
    }
    ++out.messages;
    return true;
  });
  if (!scanned) return scanned.error();
  return out;
}

void put_recipient(batch& b, queue_id id, const spool_recipient& recipient) {
  batch_access::put(b, family::spool_recipients, key::queue_item(id, recipient.index), encode(recipient));
  if (recipient.state == recipient_state::remote) put_outbound(b, id, recipient);
}

void change_recipient(batch& b, queue_id id, const spool_recipient& before, const spool_recipient& after) {
  if (before.state == recipient_state::remote) delete_outbound(b, id, before);
  put_recipient(b, id, after);
}

void delete_recipient(batch& b, queue_id id, uint32_t index) {
  batch_access::remove(b, family::spool_recipients, key::queue_item(id, index));
}

void delete_recipient(batch& b, queue_id id, const spool_recipient& recipient) {
  if (recipient.state == recipient_state::remote) delete_outbound(b, id, recipient);
  delete_recipient(b, id, recipient.index);
}

result<recipient_page> read_recipients(const store& in, queue_id id, uint32_t from, size_t limit,
                                       storage::reach reach) {
  recipient_page out;
  if (limit == 0) return out;
  const auto scanned = in.scan(family::spool_recipients, key::queue(id), key::queue_item(id, from), reach,
                               [&](bytes_view key, bytes_view value) {
                                 const auto index = small_number_at(key, 8);
                                 if (auto recipient = decode_recipient(index, value))
                                   out.recipients.push_back(std::move(*recipient));
                                 else
                                   out.damaged.push_back(index);
                                 return out.recipients.size() + out.damaged.size() < limit;
                               });
  if (!scanned) return scanned.error();
  return out;
}

void put_delivered(batch& b, queue_id id, uint32_t index, const delivered_record& where) {
  batch_access::put(b, family::delivered, key::queue_item(id, index), encode(where));
}

void delete_delivered(batch& b, queue_id id, uint32_t index) {
  batch_access::remove(b, family::delivered, key::queue_item(id, index));
}

void delete_delivered(batch& b, queue_id id) {
  // Not a range: there would be one for each message, and each slows all reads of the family.
  const auto scanned = batch_access::store_of(b).scan(family::delivered, key::queue(id), {}, reach::disk,
                                                      [&](bytes_view key, bytes_view) {
                                                        batch_access::remove(b, family::delivered, key);
                                                        return true;
                                                      });
  // What could not be read stays; it is only ever looked up by its number, which does not come again.
  if (!scanned) return;
}

result<std::optional<delivered_record>> read_delivered(const store& in, queue_id id, uint32_t index,
                                                       storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::delivered, key::queue_item(id, index), value, reach);
  if (!found && found.error().code == errc::not_found) return std::optional<delivered_record>{};
  if (!found) return found.error();
  const auto where = decode_delivered(to_view(value));
  if (!where) return where.error();
  return std::optional(*where);
}

} // namespace stagepost::storage
