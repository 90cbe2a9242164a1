#pragma once

#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::storage {

// A backup is a folder with a store of each kind (system, shard0, shard1 …) and a manifest, written last:
// what has none is not whole.

struct backup_file {
  std::string path; ///< below the backup's folder
  uint64_t size_bytes = 0;
};

struct backup_manifest {
  uint64_t schema = 0; ///< layout of the stores
  uint32_t shards = 0;
  instant made_at;
  std::vector<backup_file> files;
};

/// The folders of a node's stores, as they are called in the data folder and in a backup: the shards, then
/// "system".
std::vector<std::string> store_names(uint32_t shards);

/// On disk: lines of text, the last of them the checksum of those before.
std::string to_text(const backup_manifest& manifest);
/// Refuses what is damaged, or names files that are not below the stores; `newer_version` for a layout to
/// come.
result<backup_manifest> parse_manifest(std::string_view text);

/// Makes a backup of a folder that has all stores: syncs what is there and writes the manifest.
result<done> seal_backup(const std::string& folder, uint32_t shards, instant made_at);

/// The manifest of a backup whose files are all there in their size; not_found for a folder that is no whole
/// backup. What is in the files is proven when the stores are opened.
result<backup_manifest> read_backup(const std::string& folder);

/// Copies the files of the manifest into a folder that is not there yet, durably. Fails when `stopped` says
/// so; what was copied until then is the caller's to remove.
result<done> copy_backup(const std::string& from, const backup_manifest& manifest, const std::string& to,
                         const std::function<bool()>& stopped);

/// The name of the manifest in the folder.
inline constexpr const char* manifest_name = "manifest";

} // namespace stagepost::storage
