#pragma once

#include "protocols/base/result.hpp"

#include <cstdint>
#include <string>

namespace stagepost::storage {

/// Why the store could not do what was asked. From 1: to the actors, code 0 is "no error".
enum class errc : uint8_t {
  not_found = 1, ///< no such record
  not_cached,    ///< only the cache was asked and it does not hold the answer: ask again with reach::disk
  damaged,       ///< a checksum or an encoding is wrong
  io_error,      ///< the file system refused; nothing was acknowledged
  disk_full,     ///< no room for the write; nothing was acknowledged
  newer_version, ///< the store was written by a newer release
  locked,        ///< another process has it open
  blob_gone,     ///< a batch wanted a body that is not there any more
};
std::string to_string(errc);

template <class T>
using result = basic_result<T, errc>;

/// How far a read may go: not past what is in memory, so that a worker never waits for a disk, or to the
/// disk.
enum class reach : uint8_t { cache, disk };

} // namespace stagepost::storage
