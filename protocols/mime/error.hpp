#pragma once

#include "protocols/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace stagepost::mime {

/// Why stored octets are not a digest. From 1: code 0 is "no error".
enum class errc : uint8_t {
  unknown_version = 1, ///< written by a release this one does not know
  damaged,             ///< cut off, or a count or offset that cannot be
};

std::string_view to_string(errc code);

template <class T>
using result = basic_result<T, errc>;

} // namespace stagepost::mime
