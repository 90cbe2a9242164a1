#pragma once

#include "storage/batch.hpp"
#include "storage/statistics_record.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace stagepost::storage {

/// The day of a domain in UTC; domain zero is the whole server.
struct statistics_row {
  domain_id domain;
  std::chrono::sys_days day;
  day_counts counts;
};

// The table `statistics` of the system store. One actor writes it: a sum is read, added to and put back.

void put_statistics(batch& b, const statistics_row& row);
/// All days of a domain that is deleted.
void delete_statistics(batch& b, domain_id domain);

/// Zeros for a day of which nothing is known.
result<day_counts> read_statistics(const store&, domain_id domain, std::chrono::sys_days day, reach);
/// From `first` to `last`, both included, at most `limit`; days of which nothing is known are left out.
result<std::vector<statistics_row>> read_statistics(const store&, domain_id domain,
                                                    std::chrono::sys_days first, std::chrono::sys_days last,
                                                    size_t limit, reach);

/// The first day that is kept; nothing: all are.
struct kept_statistics {
  std::optional<std::chrono::sys_days> server, domains;
};
/// Puts the removal of up to `limit` days that are older into `b`, and of days of domains that are not there:
/// what was counted while a domain was deleted may have come after it. Answers how many. Reads from the disk:
/// three keys for each domain that has nothing to remove.
result<size_t> delete_statistics(batch& b, const store&, const kept_statistics& kept, size_t limit);

} // namespace stagepost::storage
