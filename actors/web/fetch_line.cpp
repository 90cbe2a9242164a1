#include "actors/web/fetch_line.hpp"

#include "actors/log/log.hpp"
#include "actors/web/response_reader.hpp"
#include "protocols/base/text.hpp"
#include "protocols/http/basic_credentials.hpp"
#include "protocols/route/order.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace stagepost::web {

namespace {

constexpr size_t most_redirects = 3;
constexpr size_t most_addresses = 6;
/// An address that does not answer leaves time for the next one.
constexpr auto connect_limit = std::chrono::milliseconds(5000);

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_address(const std::string& host) {
  boost::system::error_code no;
  boost::asio::ip::make_address(host, no);
  return !no;
}

} // namespace

fetched failed_fetch(std::string why) {
  fetched made;
  made.failure = std::move(why);
  return made;
}

fetch_line::fetch_line(caf::actor_config& config, boost::asio::io_context& io, setup_ptr with,
                       line_owner_actor owner, line_order order)
    : net::connection(config, net::socket(io)), with_(std::move(with)), owner_(std::move(owner)),
      number_(order.number), what_(std::move(order.what)), until_(order.until) {}

fetch_line::~fetch_line() = default;

void fetch_line::on_exit() {
  net::connection::on_exit();
  owner_ = nullptr;
}

void fetch_line::on_failure(const std::exception& why) {
  log::warn("web: {}: {}", printable(what_.url), why.what());
  finish(failed_fetch("the request failed here"));
}

void fetch_line::finish(fetched what) {
  fetch_ended message{number_, std::move(what)};
  if (owner_) send(owner_, std::move(message));
}

std::chrono::milliseconds fetch_line::left() const {
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
  return std::max(rest, std::chrono::milliseconds(1));
}

net::task<> fetch_line::serve() {
  auto at = *http::parse_url(what_.url); // looked at before
  fetched found;
  for (size_t led = 0;; ++led) {
    auto answer = co_await get(at);
    found = std::move(answer);
    if (!what_.follow_redirects || !found.failure.empty() || !is_redirect(found.status) ||
        led == most_redirects)
      break;
    const auto next = http::resolve_location(at, location_);
    if (!next || (at.secure && !next->secure)) break; // from proof to none: nobody asked for that
    if (next->host != at.host || next->port != at.port || next->secure != at.secure) {
      what_.user.clear(); // what is for one server is not for another
      what_.password.clear();
      what_.address.clear();
    }
    at = *next;
  }
  finish(std::move(found));
}

net::task<fetched> fetch_line::get(const http::url& at) {
  auto why = co_await reach(at);
  if (!why.empty()) co_return failed_fetch(std::move(why));
  if (at.secure) {
    net::server_identity who;
    who.name = at.host;
    who.verify = what_.verify_certificate;
    handshake_limit_ = left();
    const bool proven = co_await shake_hands(with_->tls, who);
    if (!proven) {
      const auto problem = stream_.tls_problem();
      co_return failed_fetch(problem.empty() ? "the TLS handshake failed" : "TLS: " + problem);
    }
  }
  auto found = co_await ask_for(at);
  stream_.shut_down();
  co_return found;
}

net::task<std::vector<std::string>> fetch_line::addresses_of(const http::url& at, std::string& problem) {
  std::vector<std::string> found;
  if (!what_.address.empty() || is_address(at.host)) {
    found.push_back(what_.address.empty() ? at.host : what_.address);
    co_return found;
  }
  std::vector<dns::ip_address> of_type[2];
  for (size_t i = 0; i < 2; ++i) {
    resolver::look_up question{{i == 0 ? dns::record_type::aaaa : dns::record_type::a, at.host}};
    auto answer = co_await net::ask<resolver::looked_up>(this, with_->resolver, question);
    if (answer && answer->said.found()) of_type[i] = answer->said.addresses;
    if (answer && answer->said.outcome == dns::outcome::failed) problem = answer->said.problem;
    if (!answer) problem = "the resolver does not answer";
  }
  for (const auto& each : route::interleave(of_type[0], of_type[1]))
    if (found.size() < most_addresses) found.push_back(mailauth::to_string(each));
  if (found.empty() && problem.empty()) problem = "it has no address";
  co_return found;
}

bool fetch_line::may_connect_to(const std::string& address) const {
  const auto& allowed = with_->limits.networks;
  const auto where = conf::parse_ip(address);
  return where && (allowed.empty() || std::any_of(allowed.begin(), allowed.end(),
                                                  [&](const auto& each) { return each.contains(*where); }));
}

net::task<std::string> fetch_line::reach(const http::url& at) {
  std::string why;
  const auto addresses = co_await addresses_of(at, why);
  if (addresses.empty()) co_return at.host + ": " + why;
  const std::string from_any;
  for (const auto& each : addresses) {
    if (!may_connect_to(each)) {
      why = each + " is not among outbound.networks";
      continue;
    }
    const auto limit = std::min(left(), connect_limit);
    why = co_await dial(each, at.port, from_any, limit);
    if (why.empty()) co_return why;
    why = each + ": " + why;
  }
  co_return why;
}

std::string fetch_line::request_for(const http::url& at) const {
  std::string out = "GET " + at.target + " HTTP/1.1\r\nHost: " + http::host_field(at) +
                    "\r\nUser-Agent: Stagepost\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                    "Connection: close\r\n";
  if (!what_.user.empty())
    out += "Authorization: " + http::authorization_field({what_.user, what_.password}) + "\r\n";
  return out + "\r\n";
}

net::task<fetched> fetch_line::ask_for(const http::url& at) {
  say(request_for(at));
  write_limit_ = left();
  co_await flush();
  response_reader reader(what_.size_limit);
  auto reached = response_reader::state::more;
  while (reached == response_reader::state::more) {
    if (std::chrono::steady_clock::now() >= until_) co_return failed_fetch("no answer in time");
    const auto woken = co_await wait_for_input(left());
    if (woken == wake::timeout) co_return failed_fetch("no answer in time");
    if (woken == wake::drain) co_return failed_fetch("stopped");
    const auto read = read_some();
    if (read == got::some) reached = reader.feed(input());
    if (read == got::closed) reached = reader.end();
  }
  if (reached == response_reader::state::failed) co_return failed_fetch(reader.problem());
  fetched found;
  found.status = reader.status();
  found.media_type = reader.media_type();
  found.body = reader.take_body();
  location_ = reader.location();
  co_return found;
}

} // namespace stagepost::web
