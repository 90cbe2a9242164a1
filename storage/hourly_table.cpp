#include "storage/hourly_table.hpp"

#include "storage/batch_access.hpp"

namespace stagepost::storage {

void put_hourly(batch& b, const hourly_row& row) {
  batch_access::put(b, family::meta, to_octets(row.key), encode(row.counts));
}

void delete_hourly(batch& b, const hourly_key& key) { batch_access::remove(b, family::meta, to_octets(key)); }

result<std::vector<hourly_row>> read_hourly(const store& in, storage::reach reach) {
  std::vector<hourly_row> out;
  const auto first = to_octets({});
  const auto prefix = bytes_view(first).substr(0, first.find('/') + 1);
  const auto scanned = in.scan(family::meta, prefix, {}, reach, [&](bytes_view key, bytes_view value) {
    const auto taken = take_hourly_key(key);
    const auto counts = decode_hourly(value);
    if (taken) out.push_back({*taken, counts ? *counts : hourly_counts{}});
    return true;
  });
  if (!scanned) return scanned.error();
  return out;
}

} // namespace stagepost::storage
