#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <optional>
#include <vector>

namespace stagepost::storage {

void put_spool(batch& b, const spool_record& message);
void delete_spool(batch& b, queue_id id);
result<spool_record> read_spool(const store&, queue_id id, reach);

/// Waiting messages. A record that is damaged keeps nobody from the others: it is named, not read.
struct spool_page {
  std::vector<spool_record> messages;
  std::vector<queue_id> damaged;
  queue_id next; ///< where the next page begins; zero: this was the last
};
/// From `from` on, oldest first.
result<spool_page> read_spool_page(const store&, queue_id from, size_t limit, reach);

/// How many messages wait, from `from` on; looks at no more than `limit` of them.
struct spool_count {
  uint64_t messages = 0;
  queue_id next; ///< where counting goes on; zero: these were the last
};
result<spool_count> count_spool(const store&, queue_id from, size_t limit, reach);

/// Messages that somebody here has to see to: they have recipients who are not elsewhere, or damaged ones, or
/// none any more. Those elsewhere are found by outbound_table.hpp, so a spool full of them is passed over
/// quickly.
struct waiting_here {
  std::vector<queue_id> messages;
  queue_id next; ///< where the next page begins, also when this one is empty; zero: this was the last
};
/// From `from` on, oldest first, at most `limit`; looks at a bounded number of records.
result<waiting_here> find_waiting_here(const store&, queue_id from, size_t limit, reach);

/// A new one, or one that is not remote before. A remote one is found by outbound_table.hpp from now on.
void put_recipient(batch& b, queue_id id, const spool_recipient& recipient);
/// Puts `after` in the place of `before`, as it is on disk.
void change_recipient(batch& b, queue_id id, const spool_recipient& before, const spool_recipient& after);
/// One that is not remote.
void delete_recipient(batch& b, queue_id id, uint32_t index);
/// Any one, as it is on disk.
void delete_recipient(batch& b, queue_id id, const spool_recipient& recipient);

/// Recipients of one message that wait; as above.
struct recipient_page {
  std::vector<spool_recipient> recipients;
  std::vector<uint32_t> damaged; ///< their indexes
};
result<recipient_page> read_recipients(const store&, queue_id id, uint32_t from, size_t limit, reach);

/// What another shard's spool has delivered here: makes the delivery safe to repeat.
struct delivered_record {
  mailbox_id folder;
  stagepost::uid uid;
};
void put_delivered(batch& b, queue_id id, uint32_t index, const delivered_record& where);
void delete_delivered(batch& b, queue_id id, uint32_t index);
/// Of all recipients: looks up which there are, in the store as it is now, and may wait for the disk.
void delete_delivered(batch& b, queue_id id);
result<std::optional<delivered_record>> read_delivered(const store&, queue_id id, uint32_t index, reach);

} // namespace stagepost::storage
