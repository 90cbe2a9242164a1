#pragma once

#include "storage/batch.hpp"
#include "storage/hourly_record.hpp"
#include "storage/store.hpp"

#include <vector>

namespace stagepost::storage {

// What a shard took in of mail that has a limit by the hour, kept in `meta`. Written with the message that is
// counted, so the two are true together; few rows: those of hours that are over go with the next message.

void put_hourly(batch& b, const hourly_row& row);
void delete_hourly(batch& b, const hourly_key& key);

/// All rows. One that is damaged counts nothing.
result<std::vector<hourly_row>> read_hourly(const store&, reach);

} // namespace stagepost::storage
