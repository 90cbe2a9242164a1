#include "storage/tls_results.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/table_scan.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

namespace {

bytes first_key_of(std::chrono::sys_days day) {
  return key::tls_results_of(uint32_t(std::max(0, int(day.time_since_epoch().count()))));
}

} // namespace

void put_tls_result(batch& b, const tls_result_row& row) {
  batch_access::put(b, family::tls_results, encode_tls_result_key(row.what),
                    encode_tls_sessions(row.sessions));
}

result<uint64_t> read_tls_sessions(const store& in, const tls_result_key& what, storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::tls_results, encode_tls_result_key(what), value, reach);
  if (!found && found.error().code == errc::not_found) return uint64_t{0};
  if (!found) return found.error();
  return decode_tls_sessions(to_view(value));
}

result<std::vector<tls_result_row>> read_tls_results(const store& in, std::chrono::sys_days first,
                                                     std::chrono::sys_days last, size_t limit,
                                                     storage::reach reach) {
  std::vector<tls_result_row> out;
  const auto end = first_key_of(last + std::chrono::days(1));
  const auto scanned =
      in.scan(family::tls_results, {}, first_key_of(first), reach, [&](bytes_view key, bytes_view value) {
        if (key >= end || out.size() == limit) return false;
        auto what = decode_tls_result_key(key);
        const auto sessions = decode_tls_sessions(value);
        // A damaged row counts nothing, and keeps nobody from the others.
        if (what && sessions) out.push_back({std::move(*what), *sessions});
        return true;
      });
  if (!scanned) return scanned.error();
  return out;
}

result<size_t> count_tls_results(const store& in, std::chrono::sys_days day, size_t limit,
                                 storage::reach reach) {
  size_t count = 0;
  const auto scanned = in.scan(family::tls_results, first_key_of(day), {}, reach,
                               [&](bytes_view, bytes_view) { return ++count < limit; });
  if (!scanned) return scanned.error();
  return count;
}

void delete_tls_results_before(batch& b, std::chrono::sys_days day) {
  batch_access::remove_range(b, family::tls_results, first_key_of({}), first_key_of(day));
}

} // namespace stagepost::storage
