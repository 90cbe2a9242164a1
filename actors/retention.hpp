#pragma once

#include "protocols/base/units.hpp"
#include "storage/trace_table.hpp"

#include <chrono>

namespace stagepost {

/// Before which instant things may go now that are kept for a time, `passed` on the steady clock after `age`
/// was last brought up to date, which it is here. Nothing is younger than the retention when it goes, by the
/// time the server has been running: no jump of the wall clock makes it older.
instant end_of_retention(storage::trace_age& age, instant now, std::chrono::milliseconds passed,
                         std::chrono::milliseconds retention);

} // namespace stagepost
