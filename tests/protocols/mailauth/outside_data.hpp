#pragma once

#include "protocols/base/bytes.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace stagepost::mailauth {

inline const std::string outside_data = STAGEPOST_SOURCE_DIR "/../shared/data/";

inline std::optional<bytes> read_outside(const std::string& path) {
  std::ifstream in(outside_data + path, std::ios::binary);
  if (!in) return std::nullopt;
  return bytes{std::istreambuf_iterator<char>(in), {}};
}

/// The samples have LF line ends; mail has CRLF.
inline bytes with_crlf(bytes_view text) {
  bytes out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

} // namespace stagepost::mailauth
