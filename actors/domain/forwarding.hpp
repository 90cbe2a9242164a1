#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/stores.hpp"
#include "conf/settings.hpp"

#include <string>
#include <vector>

namespace stagepost::domain {

/// Where the mail of a user goes who has it sent on. Whom it cannot be sent on to is named, and then the
/// mailbox keeps a copy whatever the user's settings say: so a forbidden address, or one that leads back,
/// loses nothing. `srs_key` may be empty where no domain rewrites senders. Reads the system store: belongs
/// into the read pool.
forward_planned plan_forwarding(const stores& from, const bytes& srs_key, const plan_forward& what,
                                instant now);

/// Whether mail may not be sent on to this domain (FWD-03); `domain` is canonical.
bool is_blacklisted(const conf::system_settings& settings, const std::string& domain);

/// Why a user may not have his mail sent on to these addresses; empty: he may.
std::string fault_of_forwarding(const std::vector<std::string>& addresses,
                                const conf::system_settings& settings);

} // namespace stagepost::domain
