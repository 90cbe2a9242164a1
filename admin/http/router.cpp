#include "admin/http/router.hpp"

#include "admin/http/autodiscover_pages.hpp"
#include "admin/http/gateway_pages.hpp"
#include "admin/http/node_pages.hpp"
#include "protocols/autodiscover/outlook_request.hpp"
#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>

namespace stagepost::http {

namespace {

/// Of what no page reads: it is passed over, so that the connection can go on.
constexpr uint64_t largest_ignored_body = 65536;

constexpr std::array routes{
    route{"/metrics", metrics_page},
    route{"/healthz", health_page},
    route{"/autodiscover/autodiscover.xml", outlook_page, true, autodiscover::largest_outlook_request},
    route{"/autodiscover/autodiscover.json", outlook_pointer_page},
    route{"/.well-known/autoconfig/mail/config-v1.1.xml", thunderbird_page},
    route{"/mail/config-v1.1.xml", thunderbird_page},
    route{"/api/v1/gateway/spool-count", gateway_spool_page},
    route{"/api/v1/gateway/domains", gateway_domains_page},
    route{"/api/v1/gateway/users", gateway_users_page},
};

net::task<response> refuse(http::status status, std::string_view line) { co_return say(status, line); }

net::task<response> refuse_method(const route& at) {
  auto refusal = say(http::status::method_not_allowed,
                     at.takes_post ? "Only GET, HEAD and POST." : "Only GET and HEAD.");
  refusal.fields.emplace_back("Allow", at.takes_post ? "GET, HEAD, POST" : "GET, HEAD");
  co_return refusal;
}

} // namespace

const route* find_route(std::string_view path) {
  for (const auto& each : routes)
    if (ascii_iequals(each.path, path)) return &each;
  return nullptr;
}

uint64_t largest_body_of(const request& asked, const conf::http_settings& settings) {
  const auto* at = find_route(asked.target.path);
  const auto limit = at != nullptr && at->takes_post ? at->largest_body : largest_ignored_body;
  return std::min<uint64_t>(limit, settings.max_request_size.bytes);
}

net::task<response> answer(caf::event_based_actor* self, const services& with, const request& asked) {
  const auto* at = find_route(asked.target.path);
  if (at == nullptr) return refuse(http::status::not_found, "Nothing here.");
  const bool fits = asked.method == method::get || asked.method == method::head ||
                    (asked.method == method::post && at->takes_post);
  return fits ? at->answer(self, with, asked) : refuse_method(*at);
}

} // namespace stagepost::http
