#include "storage/status.hpp"

#include <rocksdb/status.h>

namespace stagepost::storage {

failure<errc> to_failure(const rocksdb::Status& status) {
  const auto text = status.ToString();
  if (status.IsNotFound()) return {errc::not_found, {}};
  if (status.IsIncomplete()) return {errc::not_cached, {}};
  if (status.IsNoSpace()) return {errc::disk_full, text};
  if (status.IsCorruption()) return {errc::damaged, text};
  return {errc::io_error, text};
}

result<done> to_result(const rocksdb::Status& status) {
  if (status.ok()) return done{};
  return to_failure(status);
}

} // namespace stagepost::storage
