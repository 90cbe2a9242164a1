#pragma once

#include "storage/errc.hpp"

namespace rocksdb {
class Status;
}

namespace stagepost::storage {

/// What a RocksDB status that is not OK means to us.
failure<errc> to_failure(const rocksdb::Status& status);

/// `done`, or what the status means.
result<done> to_result(const rocksdb::Status& status);

} // namespace stagepost::storage
