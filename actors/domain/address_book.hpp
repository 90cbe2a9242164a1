#pragma once

#include "actors/domain/interface.hpp"
#include "conf/settings.hpp"
#include "storage/store.hpp"

#include <string>

namespace stagepost::domain {

/// Who a canonical local part of a domain is: a user, an alias, a user with plus addressing, postmaster and
/// abuse, catch-all, in this order. Reads the system store, which is small and whose blocks stay in the
/// cache: a miss is one read after a start.
address_found look_up(const storage::store& system, const storage::domain_record& domain,
                      const conf::domain_settings& settings, const std::string& plus_separator,
                      const std::string& local_part);

/// The account as the way to its mail needs it, with the domain's limits behind its own (USR-08, DOM-54).
account_target target_of(const storage::account_record& account, const storage::domain_record& domain);

forwarding forwarding_of(const conf::user_settings& settings);

conf::domain_settings settings_of(const storage::domain_record& domain);
conf::user_settings settings_of(const storage::account_record& account);

} // namespace stagepost::domain
