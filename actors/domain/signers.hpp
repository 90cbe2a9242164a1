#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/stores.hpp"
#include "conf/domain_settings.hpp"
#include "storage/secrets.hpp"

#include <string>

namespace stagepost::domain {

/// Makes a key and seals its private half; state and time are the caller's. Slow on purpose of its kind: RSA
/// takes a tenth of a second, so it runs in the hashing pool. False when the library could not.
bool make_signing_key(const storage::secret_key& secrets, storage::signing_key_record& key);

/// What signs mail of this domain now, RSA first: receivers that know no Ed25519 look at the first one
/// (RFC 8463 section 3). Reads the disk. Not done when one of them cannot be opened: a message that
/// lacks a signature its domain promises is better late.
signers_found open_signers(const stores& from, const storage::domain_record& domain,
                           const conf::domain_settings& settings);

} // namespace stagepost::domain
