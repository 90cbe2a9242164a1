#pragma once

#include "conf/settings.hpp"

#include <optional>

namespace stagepost::conf {

/// The largest message a user may send: the smallest of what system, domain and user allow (SMTPIN-13,
/// DOM-63, USR-10). Nothing when none of them sets a limit.
std::optional<byte_count> message_size_limit(const smtp_in_settings& system, const domain_settings& domain,
                                             const user_settings& user);

/// The most recipients of one message a user sends (DOM-64, USR-10), never more than the server takes.
uint32_t recipient_limit(const smtp_in_settings& system, const domain_settings& domain,
                         const user_settings& user);

/// The space of a mailbox: the user's quota, as far as the domain's disk space reaches (USR-08, DOM-54).
std::optional<byte_count> mailbox_space_limit(const domain_settings& domain, const user_settings& user);

} // namespace stagepost::conf
