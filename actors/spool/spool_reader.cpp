#include "actors/spool/spool_reader.hpp"

#include "actors/log/log.hpp"
#include "storage/spool_table.hpp"

namespace stagepost::spool {

namespace {

constexpr size_t recipients_limit = 100000;

/// Adds the messages of these records; false: they cannot be read.
bool add_messages(const storage::store& store, storage::spool_page records, read_page& page) {
  for (const auto id : records.damaged)
    log::error("queue {}: its record is damaged; it stays in the spool as it is", id.value);
  for (auto& record : records.messages) {
    auto recipients = storage::read_recipients(store, record.id, 0, recipients_limit, storage::reach::disk);
    if (!recipients) return false;
    for (const auto index : recipients->damaged)
      log::error("queue {}: the record of recipient {} is damaged; it stays in the spool as it is",
                 record.id.value, index);
    page.messages.push_back(
        {std::move(record), std::move(recipients->recipients), std::move(recipients->damaged)});
  }
  return true;
}

} // namespace

read_page read_spool(const storage::store& store, queue_id from, size_t limit) {
  read_page page;
  auto records = storage::read_spool_page(store, from, limit, storage::reach::disk);
  if (!records) return page;
  page.next = records->next;
  page.good = add_messages(store, std::move(*records), page);
  return page;
}

read_page read_spool_here(const storage::store& store, queue_id from, size_t limit) {
  read_page page;
  const auto here = storage::find_waiting_here(store, from, limit, storage::reach::disk);
  if (!here) return page;
  for (const auto id : here->messages) {
    auto one = storage::read_spool_page(store, id, 1, storage::reach::disk);
    if (!one) return page;
    // It may be gone since, and this the one behind it, which comes in its turn.
    if (!one->messages.empty() && one->messages.front().id != id) continue;
    if (!add_messages(store, std::move(*one), page)) return page;
  }
  page.next = here->next;
  page.good = true;
  return page;
}

} // namespace stagepost::spool
