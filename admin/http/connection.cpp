#include "admin/http/connection.hpp"

#include "actors/log/log.hpp"
#include "admin/http/router.hpp"

#include <algorithm>

namespace stagepost::http {

namespace {

/// From its first octet to its last, however regularly they come.
constexpr auto longest_request = std::chrono::minutes(2);
/// How long and how much of a refused request is still read.
constexpr auto linger_time = std::chrono::seconds(2);
constexpr size_t most_dropped = 1 << 20;

} // namespace

http_connection::http_connection(caf::actor_config& config, net::socket socket, services_ptr with,
                                 std::string peer_address, bool tls, std::shared_ptr<void> ticket)
    : net::connection(config, std::move(socket)), with_(std::move(with)),
      peer_address_(std::move(peer_address)), tls_(tls), ticket_(std::move(ticket)) {
  with_->counters->change(metrics::gauge::http_open, 1);
}

http_connection::~http_connection() { with_->counters->change(metrics::gauge::http_open, -1); }

void http_connection::on_failure(const std::exception& why) { log::warn("http: {}", why.what()); }

net::task<bool> http_connection::read(request_reader& reader, request_reader::state& reached) {
  using state = request_reader::state;
  const auto until = clock().now() + longest_request;
  for (;;) {
    // Others have their turn between two pieces: a client that never pauses must not hold the worker.
    co_await let_others();
    if (draining_ || clock().now() >= until) co_return false;
    reached = reader.feed(pending_);
    if (reached == state::whole || reached == state::refused) co_return true;
    if (reached == state::awaits_leave) {
      say("HTTP/1.1 100 Continue\r\n\r\n");
      co_await flush();
    }
    const auto read = read_some();
    if (read == got::closed) co_return false;
    if (read == got::some) {
      pending_ += input();
      continue;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock().now());
    const std::chrono::milliseconds idle = with_->settings->get()->http.idle_timeout;
    if (left.count() <= 0) co_return false;
    const auto why = co_await wait_for_input(std::min(idle, left));
    if (why == wake::timeout || why == wake::drain) co_return false;
  }
}

net::task<> http_connection::let_others() {
  co_await boost::asio::post(stream_.socket().get_executor(), net::in_actor);
}

net::task<> http_connection::linger() {
  const auto until = clock().now() + linger_time;
  for (size_t dropped = 0; dropped < most_dropped;) {
    const auto read = read_some();
    if (read == got::closed) co_return;
    if (read == got::some) {
      dropped += input().size();
      co_await let_others();
      continue;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock().now());
    if (left.count() <= 0) co_return;
    const auto why = co_await wait_for_input(left);
    if (why == wake::timeout || why == wake::drain) co_return;
  }
}

net::task<> http_connection::serve() {
  if (tls_) {
    const bool safe = co_await shake_hands(with_->certificates());
    if (!safe) co_return;
  }
  for (bool keep = true; keep;) {
    request_reader reader(
        [this](const http::request& asked) { return largest_body_of(asked, with_->settings->get()->http); });
    request_reader::state reached{};
    const bool came = co_await read(reader, reached);
    if (!came) co_return;
    if (reached == request_reader::state::refused) {
      say(wire_form(reader.refusal(), true, false));
      co_await flush();
      co_await linger();
      co_return;
    }
    auto asked = reader.take();
    asked.peer = peer_address_;
    asked.tls = tls_;
    const auto response = co_await answer(this, *with_, asked);
    keep = reader.keep_alive() && !draining_;
    say(wire_form(response, asked.method != method::head, keep));
    co_await flush();
  }
}

} // namespace stagepost::http
