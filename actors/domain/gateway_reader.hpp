#pragma once

#include "actors/gateways.hpp"
#include "storage/gateways.hpp"
#include "storage/secrets.hpp"

namespace stagepost::domain {

/// The gateways of the system store with their passwords. What cannot be read fails the whole: mail must not
/// go another way because nobody knew of a gateway. A password that does not open, or a setting that is none,
/// is logged and counts as none. Without `secrets` there are no passwords.
storage::result<gateway_set> load_gateways(const storage::store& system, const storage::secret_key* secrets);

} // namespace stagepost::domain
