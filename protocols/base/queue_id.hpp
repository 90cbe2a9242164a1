#pragma once

#include "protocols/base/units.hpp"

#include <string>
#include <string_view>

namespace stagepost {

/// The queue id as people see it: 13 letters and digits, none of which looks like another. They sort like the
/// numbers.
std::string to_text(queue_id id);
/// Zero when it is none. Letters may be of either case.
queue_id queue_id_from_text(std::string_view text);

} // namespace stagepost
