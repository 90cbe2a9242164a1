#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <string>

namespace stagepost::storage {

// What stores need that were put back from a backup: time goes back in them, but not for those who saw what
// came after.

/// The highest UIDVALIDITY that the store in this folder has given; reads only, whatever state the rest of it
/// is in. Zero when the folder is not there.
result<uint64_t> highest_uid_validity(const std::string& folder);

/// The least value that the UIDVALIDITYs of a restored store must exceed. `present` is what the store it
/// replaces has given, zero if that cannot be known.
uint64_t uid_validity_floor(uint64_t in_backup, uint64_t present, instant now);

/// Gives every folder of a shard a new UIDVALIDITY, above `floor` and each its own, and moves the counter
/// behind them: UIDs given after the backup was made may be given again, to other messages (RFC
/// 9051 2.3.1.1). Answers the number of folders. Nobody else may use the store, and it is to be opened anew
/// before the next folder is made.
result<size_t> renew_uid_validities(store& shard, uint64_t floor);

/// Takes away the folders of accounts that the directory does not know: they were deleted between the
/// checkpoints of the backup. The eraser takes the contents later. Answers the number of folders.
result<size_t> remove_orphans(store& shard, const store& directory);

} // namespace stagepost::storage
