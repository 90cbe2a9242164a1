#pragma once

#include "storage/store.hpp"

#include <optional>
#include <vector>

namespace stagepost::storage {

/// The records under `prefix` from `from` on, at most `limit`. `decode(key, value)` answers a result<Record>;
/// the first one that fails is the answer of all.
template <class Record, class Decode>
result<std::vector<Record>> collect_records(const store& in, family f, bytes_view prefix, bytes_view from,
                                            size_t limit, storage::reach reach, Decode decode) {
  std::vector<Record> out;
  if (limit == 0) return out;
  std::optional<failure<errc>> broken;
  const auto scanned = in.scan(f, prefix, from, reach, [&](bytes_view key, bytes_view value) {
    result<Record> record = decode(key, value);
    if (!record) {
      broken = record.error();
      return false;
    }
    out.push_back(std::move(*record));
    return out.size() < limit;
  });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return out;
}

} // namespace stagepost::storage
