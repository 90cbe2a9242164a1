#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::search {

/// What is looked at of an archive; what is beyond is left out.
struct zip_limits {
  size_t entries = 10'000;
  uint64_t entry_bytes = 16 * 1024 * 1024; ///< of one, unpacked
  uint64_t total_bytes = 64 * 1024 * 1024; ///< of all that are read, unpacked
  uint64_t ratio = 300;                    ///< octets that one packed octet may become
};

struct zip_entry {
  std::string name;
  uint64_t offset = 0; ///< of its local header
  uint64_t packed_bytes = 0;
  uint16_t method = 0;
  bool encrypted = false;
};

/// A ZIP archive (APPNOTE.TXT 6.3) in memory, which stays the caller's. Entries whose octets overlap make it
/// unreadable: only bombs have them.
class zip_reader {
public:
  /// Nothing when these octets are no archive, or one that cannot be read.
  static std::optional<zip_reader> open(bytes_view file, const zip_limits& limits = {});

  /// By name; entries of no use (folders, endless names) are not among them.
  const std::vector<zip_entry>& entries() const { return entries_; }
  /// Null when there is none.
  const zip_entry* find(std::string_view name) const;

  /// The beginning of an entry, as far as limits let it; empty when it is encrypted, damaged from the start
  /// or packed in a way other than "deflated".
  std::string read(const zip_entry& entry);

private:
  zip_reader(bytes_view file, const zip_limits& limits) : file_(file), limits_(limits) {}

  bytes_view file_;
  zip_limits limits_;
  uint64_t unpacked_bytes_ = 0;
  std::vector<zip_entry> entries_;
};

} // namespace stagepost::search
