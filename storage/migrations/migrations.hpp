#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace stagepost::storage {

/// One step of the layout on disk. `apply` may be cut off by a power failure anywhere and is then run again
/// from the start: what it has changed already it must recognise. The mark in `meta` moves when it is done.
struct migration {
  uint64_t to = 0; ///< the version of the layout after it: one more than before
  std::string_view what;
  result<done> (*apply)(store&) = nullptr;
};

/// The steps, each in a file of its own.
result<done> index_remote_recipients(store& in); // 0002_outbound_index.cpp

/// Every step there ever was, in order; each has a file here, `<version>_<what>.cpp`.
std::span<const migration> all_migrations();

/// Brings an open store to the newest version in `steps` (the first version when there are none). Before the
/// first step a checkpoint is made beside the store, "<folder>.before-<version>". errc::newer_version when
/// the store is ahead.
result<done> migrate(store& opened, std::span<const migration> steps);

} // namespace stagepost::storage
