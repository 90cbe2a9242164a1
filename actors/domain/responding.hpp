#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/stores.hpp"
#include "conf/user_settings.hpp"

#include <string>

namespace stagepost::domain {

/// What the auto-responder of a user says at `now`. Each address asked about is followed through aliases; an
/// alias is a user's own address when it leads to him alone. Reads the system store: belongs into the read
/// pool.
responder_found look_up_responder(const stores& from, const find_responder& what, instant now);

/// Whether a user has mail answered now: on the days he said, in his time zone.
bool answers_at(const conf::user_settings& settings, const std::string& time_zone, instant now);

} // namespace stagepost::domain
