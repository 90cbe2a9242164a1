#pragma once

#include "conf/settings.hpp"
#include "storage/directory_records.hpp"

#include <string>

namespace stagepost::domain {

/// Why a password cannot be set; empty when it can.
std::string fault_of_password(const std::string& password);

/// What is kept of a password, by policy. Slow on purpose: runs in the hashing pool. The first one's Argon2id
/// hash is empty when there was not enough memory for it.
storage::credential_record make_credentials(const std::string& typed, const conf::password_settings& policy);

} // namespace stagepost::domain
