#pragma once

#include "admin/http/router.hpp"

namespace stagepost::http {

// What other servers ask this one (API-08), under the credential that `stagepostctl gateway-credential` sets,
// by HTTP Basic over HTTPS, or in the clear from this machine. Without a credential there is nothing here.
// Who has not proven who he is learns nothing but that he has not.

/// Of all other servers together.
inline constexpr double gateway_requests_per_second = 200;
inline constexpr double gateway_requests_at_once = 1000;
/// Addresses of one answer.
inline constexpr size_t most_gateway_users = 1000;

/// {"messages": N}: what waits in all spools, for mailboxes here and for other servers.
net::task<response> gateway_spool_page(caf::event_based_actor* self, const services& with,
                                       const request& asked);
/// ?domain=D: {"valid": true} for a domain of this server that is not switched off.
net::task<response> gateway_domains_page(caf::event_based_actor* self, const services& with,
                                         const request& asked);
/// ?domain=D&address=A: {"valid": true} when mail for it is taken. ?domain=D&limit=N: {"users": […], "next":
/// …}, the addresses of users and aliases; with `next` as it was answered the next of them, until it is
/// empty.
net::task<response> gateway_users_page(caf::event_based_actor* self, const services& with,
                                       const request& asked);

} // namespace stagepost::http
