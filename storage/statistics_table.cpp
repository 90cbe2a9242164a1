#include "storage/statistics_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/table_scan.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {

namespace {

/// Days since 1970, as keys have them. Before that nothing is counted.
uint32_t number_of(std::chrono::sys_days day) {
  const auto count = day.time_since_epoch().count();
  return count < 0 ? 0 : uint32_t(count);
}

std::chrono::sys_days day_of(bytes_view key) {
  return std::chrono::sys_days(std::chrono::days(small_number_at(key, 8)));
}

bytes key_of(domain_id domain, std::chrono::sys_days day) { return key::domain_day(domain, number_of(day)); }

} // namespace

void put_statistics(batch& b, const statistics_row& row) {
  batch_access::put(b, family::statistics, key_of(row.domain, row.day), encode(row.counts));
}

void delete_statistics(batch& b, domain_id domain) {
  batch_access::remove_all(b, family::statistics, key::domain(domain));
}

result<day_counts> read_statistics(const store& in, domain_id domain, std::chrono::sys_days day,
                                   storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::statistics, key_of(domain, day), value, reach);
  if (!found && found.error().code == errc::not_found) return day_counts{};
  if (!found) return found.error();
  return decode_day_counts(to_view(value));
}

result<std::vector<statistics_row>> read_statistics(const store& in, domain_id domain,
                                                    std::chrono::sys_days first, std::chrono::sys_days last,
                                                    size_t limit, storage::reach reach) {
  std::vector<statistics_row> out;
  std::optional<failure<errc>> broken;
  const auto scanned = in.scan(family::statistics, key::domain(domain), key_of(domain, first), reach,
                               [&](bytes_view key, bytes_view value) {
                                 if (day_of(key) > last || out.size() == limit) return false;
                                 const auto counts = decode_day_counts(value);
                                 if (counts)
                                   out.push_back({domain, day_of(key), *counts});
                                 else
                                   broken = counts.error();
                                 return !broken;
                               });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return out;
}

result<size_t> delete_statistics(batch& b, const store& in, const kept_statistics& kept, size_t limit) {
  size_t removed = 0;
  bytes from;
  std::optional<domain_id> current;
  bool gone = false; // the current domain is not there
  std::optional<failure<errc>> broken;
  const auto begin = [&](domain_id domain) {
    if (current == domain) return;
    current = domain;
    rocksdb::PinnableSlice unused;
    const auto found =
        domain ? in.get(family::domains, key::domain(domain), unused, reach::disk) : result<done>(done{});
    gone = !found && found.error().code == errc::not_found;
    if (!found && !gone) broken = found.error();
  };
  for (bool more = true; more && removed < limit;) {
    more = false;
    const auto scanned = in.scan(family::statistics, {}, from, reach::disk, [&](bytes_view key, bytes_view) {
      const domain_id domain{number_at(key, 0)};
      begin(domain);
      if (broken) return false;
      const auto& first_kept = domain ? kept.domains : kept.server;
      if (!gone && (!first_kept || day_of(key) >= *first_kept)) {
        // The days of a domain are in order: the next that may be old is the next domain's.
        from = key::domain(domain_id{domain.value + 1});
        more = true;
        return false;
      }
      batch_access::remove(b, family::statistics, key);
      return ++removed < limit;
    });
    if (broken) return *broken;
    if (!scanned) return scanned.error();
  }
  return removed;
}

} // namespace stagepost::storage
