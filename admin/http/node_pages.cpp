#include "admin/http/node_pages.hpp"

#include "conf/network.hpp"

namespace stagepost::http {

namespace {

bool may_see_figures(const conf::metrics_settings& settings, const std::string& peer) {
  const auto ip = conf::parse_ip(peer);
  if (!settings.enabled || !ip) return false;
  for (const auto& each : settings.allowed_networks)
    if (each.contains(*ip)) return true;
  return false;
}

} // namespace

net::task<response> metrics_page(caf::event_based_actor* self, const services& with, const request& asked) {
  if (!may_see_figures(with.settings->get()->metrics, asked.peer))
    co_return say(http::status::forbidden, "Not from your address.");
  auto figures = with.figures;
  spool::count_spool question;
  const auto counted = co_await net::ask<spool::spool_counted>(self, with.census, question);
  if (counted && counted->done)
    figures.push_back({"stagepost_spool_messages", "Messages in the spool, those for other servers as well.",
                       false, [count = counted->messages] { return double(count); }});
  response made;
  made.content_type = "text/plain; version=0.0.4; charset=utf-8";
  made.body = metrics::to_prometheus(*with.counters, figures);
  co_return made;
}

net::task<response> health_page(caf::event_based_actor*, const services& with, const request&) {
  if (with.healthy()) co_return say(http::status::ok, "ok");
  co_return say(http::status::unavailable, "a store does not take writes");
}

} // namespace stagepost::http
