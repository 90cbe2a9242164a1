#pragma once

#include "storage/errc.hpp"

#include <stdexcept>
#include <utility>

namespace stagepost::ctl {

/// What the storage answered. Throws std::runtime_error with a sentence when it could not.
template <class T>
T must(storage::result<T> what) {
  if (!what)
    throw std::runtime_error(what.error().detail.empty() ? to_string(what.error().code)
                                                         : what.error().detail);
  return std::move(*what);
}

} // namespace stagepost::ctl
