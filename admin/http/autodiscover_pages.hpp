#pragma once

#include "admin/http/router.hpp"

namespace stagepost::http {

// How clients find their settings. What is said depends on the domain of an address alone, so that nobody
// learns from it who exists.

/// /autodiscover/autodiscover.xml: Outlook (MS-OXDSCLI). GET on a port without TLS leads to the one with it.
net::task<response> outlook_page(caf::event_based_actor* self, const services& with, const request& asked);

/// /autodiscover/autodiscover.json?Email=…&Protocol=AutodiscoverV1: where the page above is.
net::task<response> outlook_pointer_page(caf::event_based_actor* self, const services& with,
                                         const request& asked);

/// /.well-known/autoconfig/mail/config-v1.1.xml and /mail/config-v1.1.xml: Thunderbird. The domain is that of
/// ?emailaddress=…, or of the host that was asked, "autoconfig." before it or not.
net::task<response> thunderbird_page(caf::event_based_actor* self, const services& with,
                                     const request& asked);

} // namespace stagepost::http
