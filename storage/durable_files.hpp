#pragma once

#include "storage/errc.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace stagepost::storage {

// Files outside of RocksDB: what these have done is on disk when they answer `done`.

/// A file's octets, or the names in a folder.
result<done> sync_path(const std::string& path);
/// The folder and all below it.
result<done> sync_tree(const std::string& folder);
/// Puts the text there in one step: a reader finds all of it or what was there before.
result<done> write_durably(const std::string& path, std::string_view text);
/// Renames within one file system and syncs both folders.
result<done> move_durably(const std::string& from, const std::string& to);
/// Copies one file's octets into a new file of mode 0600. Asks `stopped` between pieces and fails when it
/// says so.
result<done> copy_durably(const std::string& from, const std::string& to,
                          const std::function<bool()>& stopped);

} // namespace stagepost::storage
