#pragma once

#include "protocols/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace stagepost::conf {

enum class errc : uint8_t {
  unknown_setting, // no setting has this name
  wrong_type,      // the text is not of the setting's kind
  out_of_range,    // a number or length outside the bounds
  not_settable,    // lists of objects are changed in the file only
};

std::string_view text_of(errc code);

/// The detail of a failure is a whole sentence, fit to be shown to the administrator.
template <class T>
using result = basic_result<T, errc>;

} // namespace stagepost::conf
