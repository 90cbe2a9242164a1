#include "actors/spool/spool_reader.hpp"

#include "actors/log/log.hpp"
#include "storage/spool_table.hpp"

namespace stagepost::spool {

namespace {

constexpr size_t recipients_limit = 100000;

} // namespace

read_page read_spool(const storage::store& store, queue_id from, size_t limit) {
  read_page page;
  auto records = storage::read_spool_page(store, from, limit, storage::reach::disk);
  if (!records) return page;
  for (const auto id : records->damaged)
    log::error("queue {}: its record is damaged; it stays in the spool as it is", id.value);
  for (auto& record : records->messages) {
    auto recipients = storage::read_recipients(store, record.id, 0, recipients_limit, storage::reach::disk);
    if (!recipients) return page;
    for (const auto index : recipients->damaged)
      log::error("queue {}: the record of recipient {} is damaged; it stays in the spool as it is",
                 record.id.value, index);
    page.messages.push_back(
        {std::move(record), std::move(recipients->recipients), std::move(recipients->damaged)});
  }
  page.next = records->next;
  page.good = true;
  return page;
}

} // namespace stagepost::spool
