#pragma once

#include "storage/errc.hpp"

#include <string>
#include <vector>

namespace stagepost::storage {

// Puts stores that lie ready in the data folder in the place of those that are there. Several folders cannot
// be renamed in one step, so a note says first what is going to happen: until it is written the old stores
// are the data, from then on the new ones are, and while it is there no server may start. Who finds the note
// finishes the renaming, however far it came.

/// What the note says.
struct store_swap {
  std::string source;             ///< where the new stores came from, for whoever asks
  std::string aside;              ///< name of the folder in the data folder that takes the old stores
  std::vector<std::string> names; ///< of the stores
};

/// Where the new stores wait, in the data folder; without a note it is the leavings of a restore that was cut
/// off.
inline constexpr const char* swap_staging = "restore.new";

/// The note; not_found when there is none, damaged when it cannot be read.
result<store_swap> read_swap(const std::string& data_folder);

/// Writes the note: from here on there is only forward. The new stores must be on disk, all of them.
result<done> begin_swap(const std::string& data_folder, const store_swap& swap);

/// Renames what is left to be renamed and takes the note away. May be called again after any failure or
/// crash.
result<done> finish_swap(const std::string& data_folder);

} // namespace stagepost::storage
