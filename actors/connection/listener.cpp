#include "actors/connection/listener.hpp"

#include "actors/atoms.hpp"
#include "actors/connection/entry_rules.hpp"
#include "actors/connection/imap_connection.hpp"
#include "actors/connection/pop3_connection.hpp"
#include "actors/connection/smtp_connection.hpp"
#include "protocols/proxy/header.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace stagepost::connection {

namespace {

/// How long a listener without descriptors waits before it tries again.
constexpr auto exhausted_pause = std::chrono::milliseconds(200);
/// How long a proxy may take to say whom it speaks for, and how often we look.
constexpr auto proxy_patience = std::chrono::seconds(5);
constexpr auto proxy_step = std::chrono::milliseconds(10);

template <class Connection>
caf::actor spawn_one(caf::actor_system& system, net::socket socket, context_ptr with, peer who) {
  return system.spawn<Connection>(std::move(socket), std::move(with), std::move(who));
}

peer peer_of(const net::socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  peer who;
  if (::getpeername(const_cast<net::socket&>(socket).native_handle(), reinterpret_cast<sockaddr*>(&address),
                    &size) != 0)
    return who;
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    who.address = ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    who.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    who.address = ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    who.port = ntohs(v6.sin6_port);
  } else {
    who.address = "unix";
  }
  return who;
}

} // namespace

spawn_connection spawner_of(conf::service service) {
  switch (service) {
  case conf::service::smtp:
  case conf::service::submission:
  case conf::service::lmtp: return spawn_one<smtp_connection>;
  case conf::service::imap: return spawn_one<imap_connection>;
  case conf::service::pop3: return spawn_one<pop3_connection>;
  default: return {};
  }
}

listener::listener(caf::actor_config& config, net::listening on, context_ptr with,
                   std::shared_ptr<admission> places, spawn_connection spawn)
    : event_based_actor(config), on_(std::move(on)), with_(std::move(with)), places_(std::move(places)),
      spawn_(std::move(spawn)) {}

void listener::on_exit() {
  boost::system::error_code ignored;
  if (acceptor_) acceptor_->close(ignored);
  if (pause_) pause_->cancel();
}

caf::behavior listener::make_behavior() {
  set_default_handler(net::ignore);
  io_ = &net::scheduler::of(system()).next_io();
  acceptor_ = std::make_unique<acceptor>(*io_);
  acceptor_->assign(
      boost::asio::generic::stream_protocol(on_.family, on_.family == AF_UNIX ? 0 : IPPROTO_TCP),
      on_.descriptor);
  pause_ = std::make_unique<boost::asio::steady_timer>(*io_);
  net::actor_executor executor(caf::strong_actor_ptr{ctrl()}, this, io_);
  boost::asio::co_spawn(executor, accept_all(), [this](std::exception_ptr failed) {
    if (failed && !draining_) log::error("listener {}: stopped accepting", on_.name);
  });
  set_down_handler([this](const caf::down_msg& gone) {
    connections_.erase(gone.source);
    if (draining_ && connections_.empty()) quit();
  });
  set_exit_handler([this](const caf::exit_msg& asked) {
    for (const auto& each : connections_)
      if (const auto alive = caf::actor_cast<caf::actor>(each))
        send_exit(alive, caf::exit_reason::user_shutdown);
    quit(asked.reason);
  });
  return {
      [](net::job_ptr& next) { next->run(); },
      [this](atom::drain) {
        draining_ = true;
        boost::system::error_code ignored;
        acceptor_->close(ignored);
        for (const auto& each : connections_)
          if (const auto alive = caf::actor_cast<caf::actor>(each)) send(alive, atom::drain::value);
        if (connections_.empty()) quit();
      },
  };
}

net::task<> listener::accept_all() {
  while (!draining_) {
    boost::system::error_code failed;
    // Each connection lives on the worker whose turn it is.
    net::socket socket(net::scheduler::of(system()).next_io());
    co_await acceptor_->async_accept(socket, boost::asio::redirect_error(net::in_actor, failed));
    if (draining_) co_return;
    if (failed) {
      if (failed == boost::asio::error::operation_aborted) co_return;
      log::warn("listener {}: cannot accept: {}", on_.name, failed.message());
      pause_->expires_after(exhausted_pause);
      co_await pause_->async_wait(boost::asio::redirect_error(net::in_actor, failed));
      continue;
    }
    auto who = peer_of(socket);
    const bool proxied = contains(with_->listener.proxy_protocol_from, who.address);
    if (!proxied) {
      take(std::move(socket), std::move(who));
      continue;
    }
    // A slow proxy must not keep others waiting.
    net::actor_executor executor(caf::strong_actor_ptr{ctrl()}, this, io_);
    boost::asio::co_spawn(executor, admit_proxied(std::move(socket), std::move(who)),
                          [](std::exception_ptr) {});
  }
}

net::task<> listener::admit_proxied(net::socket socket, peer who) {
  const bool good = co_await read_proxy_header(socket, who);
  if (!good) {
    log::warn("listener {}: no PROXY header from {}", on_.name, who.address);
    co_return;
  }
  take(std::move(socket), std::move(who));
}

net::task<bool> listener::read_proxy_header(net::socket& socket, peer& who) {
  boost::asio::steady_timer step(*io_);
  const auto until = std::chrono::steady_clock::now() + proxy_patience;
  socket.non_blocking(true);
  while (std::chrono::steady_clock::now() < until && !draining_) {
    // Looked at, not taken: what follows the header is the client's and stays in the socket.
    std::string seen(proxy::max_binary_header_bytes, '\0');
    const auto count = ::recv(socket.native_handle(), seen.data(), seen.size(), MSG_PEEK);
    if (count == 0) co_return false;
    if (count > 0) {
      const auto parsed = proxy::parse_proxy_header(bytes_view(seen).substr(0, size_t(count)));
      if (const auto* header = std::get_if<proxy::header>(&parsed)) {
        if (::recv(socket.native_handle(), seen.data(), header->consumed, 0) != ssize_t(header->consumed))
          co_return false;
        if (!header->local) {
          who.address = header->source.address;
          who.port = header->source.port;
        }
        co_return true;
      }
      if (std::holds_alternative<proxy::malformed>(parsed)) co_return false;
    }
    step.expires_after(proxy_step);
    boost::system::error_code ignored;
    co_await step.async_wait(boost::asio::redirect_error(net::in_actor, ignored));
  }
  co_return false;
}

void listener::turn_away(net::socket& socket, std::string_view why) const {
  with_->counters->add(metrics::counter::connections_refused);
  if (!why.empty()) (void)::send(socket.native_handle(), why.data(), why.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  boost::system::error_code ignored;
  socket.close(ignored);
}

void listener::take(net::socket socket, peer who) {
  const auto all = with_->settings->get();
  if (is_refused(with_->listener.service, *all, who.address))
    return turn_away(socket, words_of_refusal(with_->listener, false));
  const auto allowed = limits_of(with_->listener.service, *all);
  // A local peer, LMTP and whom the operator trusts speak for many.
  const bool exempt = who.address == "unix" || is_whitelisted(with_->listener.service, *all, who.address);
  const auto per_address = exempt ? 0 : allowed.most_per_address;
  if (places_->ask(place_of(who.address), allowed.most, per_address, who.ticket) !=
      admission::answer::admitted)
    return turn_away(socket, words_of_refusal(with_->listener, true));
  switch (with_->listener.service) {
  case conf::service::smtp:
  case conf::service::submission: with_->counters->add(metrics::counter::smtp_connections); break;
  case conf::service::lmtp: with_->counters->add(metrics::counter::lmtp_connections); break;
  case conf::service::imap: with_->counters->add(metrics::counter::imap_connections); break;
  case conf::service::pop3: with_->counters->add(metrics::counter::pop3_connections); break;
  default: break;
  }
  const auto made = spawn_(system(), std::move(socket), with_, std::move(who));
  connections_.insert(made.address());
  monitor(made);
}

} // namespace stagepost::connection
