#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/statvfs.h>

namespace stagepost {

/// Octets that are free on the disk a folder is on; nothing when it does not say. A system call, no read of
/// the disk.
inline std::optional<uint64_t> free_space(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return std::nullopt;
  return uint64_t(disk.f_bavail) * disk.f_frsize;
}

} // namespace stagepost
