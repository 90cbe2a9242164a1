#include "storage/batch.hpp"
#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/migrations/migrations.hpp"
#include "storage/outbound_table.hpp"

namespace stagepost::storage {

namespace {

/// Recipients of one batch: a spool may hold millions.
constexpr size_t step = 5000;

} // namespace

// Recipients elsewhere waited in the spool without anybody looking for them; from version 2 on they are found
// by destination and time.
result<done> index_remote_recipients(store& in) {
  if (in.kind() != store_kind::shard) return done{};
  bytes from;
  for (bool more = true; more;) {
    batch rows(in);
    size_t seen = 0;
    more = false;
    const auto scanned =
        in.scan(family::spool_recipients, {}, from, reach::disk, [&](bytes_view key, bytes_view value) {
          if (seen == step) {
            from = bytes(key);
            more = true;
            return false;
          }
          ++seen;
          // What is damaged is named by whoever reads the spool, and stays as it is.
          const auto recipient = decode_recipient(small_number_at(key, 8), value);
          if (recipient && recipient->state == recipient_state::remote)
            put_outbound(rows, queue_id{number_at(key, 0)}, *recipient);
          return true;
        });
    if (!scanned) return scanned.error();
    if (rows.empty()) continue;
    batch* const all[] = {&rows};
    if (const auto written = in.commit(all).front(); !written) return written.error();
  }
  return done{};
}

} // namespace stagepost::storage
