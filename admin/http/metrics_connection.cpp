#include "admin/http/metrics_connection.hpp"

#include "actors/log/log.hpp"
#include "conf/network.hpp"

#include <boost/beast/http.hpp>
#include <fmt/format.h>

namespace stagepost::http {

namespace beast = boost::beast;

namespace {

constexpr uint32_t longest_header = 8192;

} // namespace

http_connection::http_connection(caf::actor_config& config, net::socket socket, services_ptr with,
                                 std::string peer_address, bool tls, std::shared_ptr<void> ticket)
    : net::connection(config, std::move(socket)), with_(std::move(with)),
      peer_address_(std::move(peer_address)), tls_(tls), ticket_(std::move(ticket)) {
  with_->counters->change(metrics::gauge::http_open, 1);
}

http_connection::~http_connection() { with_->counters->change(metrics::gauge::http_open, -1); }

void http_connection::on_failure(const std::exception& why) { log::warn("http: {}", why.what()); }

bool http_connection::may_see_figures() const {
  const auto settings = with_->settings->get();
  const auto ip = conf::parse_ip(peer_address_);
  if (!settings->metrics.enabled || !ip) return false;
  for (const auto& each : settings->metrics.allowed_networks)
    if (each.contains(*ip)) return true;
  return false;
}

net::task<> http_connection::serve() {
  if (tls_) {
    const bool safe = co_await shake_hands(with_->certificates());
    if (!safe) co_return;
  }
  std::string pending;
  for (bool keep = true; keep;) {
    auto parser = std::make_unique<beast::http::request_parser<beast::http::empty_body>>();
    parser->header_limit(longest_header);
    parser->body_limit(with_->settings->get()->http.max_request_size.bytes);
    beast::error_code bad;
    while (!parser->is_done()) {
      if (!pending.empty()) {
        const auto used = parser->put(boost::asio::buffer(pending), bad);
        pending.erase(0, used);
        if (bad && bad != beast::http::error::need_more) break;
        bad = {};
        if (parser->is_done()) break;
        if (pending.size() > longest_header) {
          bad = beast::http::error::header_limit;
          break;
        }
      }
      const auto read = read_some();
      if (read == got::closed) co_return;
      if (read == got::some) {
        pending += input();
        continue;
      }
      const auto why = co_await wait_for_input(with_->settings->get()->http.idle_timeout);
      if (why == wake::timeout || why == wake::drain) co_return;
    }
    beast::http::response<beast::http::string_body> response;
    response.set(beast::http::field::server, "Stagepost");
    response.set(beast::http::field::content_type, "text/plain; charset=utf-8");
    response.set("X-Content-Type-Options", "nosniff");
    bool head_only = false;
    if (bad) {
      response.result(beast::http::status::bad_request);
      response.body() = "Bad request.\n";
      keep = false;
    } else {
      const auto& request = parser->get();
      response.version(request.version());
      keep = request.keep_alive() && !draining_;
      const auto path = std::string_view(request.target()).substr(0, request.target().find('?'));
      head_only = request.method() == beast::http::verb::head;
      if (!head_only && request.method() != beast::http::verb::get) {
        response.result(beast::http::status::method_not_allowed);
        response.set(beast::http::field::allow, "GET, HEAD");
        response.body() = "Only GET and HEAD.\n";
      } else if (path == "/metrics" && may_see_figures()) {
        response.set(beast::http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        response.body() = metrics::to_prometheus(*with_->counters, with_->figures);
      } else if (path == "/metrics") {
        response.result(beast::http::status::forbidden);
        response.body() = "Not from your address.\n";
      } else if (path == "/healthz") {
        const bool well = with_->healthy();
        response.result(well ? beast::http::status::ok : beast::http::status::service_unavailable);
        response.body() = well ? "ok\n" : "a store does not take writes\n";
      } else {
        response.result(beast::http::status::not_found);
        response.body() = "Nothing here.\n";
      }
    }
    response.keep_alive(keep);
    response.prepare_payload();
    const auto body = std::move(response.body());
    response.body().clear();
    std::string head = fmt::format("HTTP/{}.{} {} {}\r\n", response.version() / 10, response.version() % 10,
                                   response.result_int(), std::string_view(response.reason()));
    for (const auto& field : response)
      head +=
          fmt::format("{}: {}\r\n", std::string_view(field.name_string()), std::string_view(field.value()));
    say(head + "\r\n");
    if (!head_only) say(body);
    co_await flush();
  }
}

} // namespace stagepost::http
