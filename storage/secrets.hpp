#pragma once

#include "protocols/base/bytes.hpp"
#include "storage/errc.hpp"

#include <array>
#include <string>

namespace stagepost::storage {

/// The key that private keys and passwords of gateways are encrypted with in the store. It lies in a file
/// beside the settings, not in the store: a copy of the store alone tells no secrets. Wiped from memory when
/// it goes.
class secret_key {
public:
  static constexpr size_t size_bytes = 32;

  /// Reads the file; makes it, readable by its owner only, when there is none. errc::damaged for one of
  /// another size or that others may read.
  static result<secret_key> load_or_make(const std::string& path);

  explicit secret_key(const std::array<unsigned char, size_bytes>& octets) : octets_(octets) {}
  secret_key(const secret_key&) = default;
  secret_key& operator=(const secret_key&) = default;
  ~secret_key();

  /// Encrypts under a fresh nonce. The result opens under the same name only.
  bytes seal(std::string_view name, bytes_view plain) const;
  /// errc::damaged when the octets, the name or the key are not those of `seal`.
  result<bytes> open(std::string_view name, bytes_view sealed) const;

private:
  std::array<unsigned char, size_bytes> octets_;
};

} // namespace stagepost::storage
