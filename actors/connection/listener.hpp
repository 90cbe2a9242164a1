#pragma once

#include "actors/connection/admission.hpp"
#include "actors/connection/context.hpp"
#include "actors/net/acceptor.hpp"
#include "actors/net/executor.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <unordered_set>

namespace stagepost::connection {

/// Makes the actor of a new connection.
using spawn_connection = std::function<caf::actor(caf::actor_system&, net::socket, context_ptr, peer)>;
/// The function for a listener's service; empty for services that are made elsewhere.
spawn_connection spawner_of(conf::service service);

/// Accepts on one descriptor. Who may not come in is told so in the protocol's words and let go; out of
/// descriptors it waits instead of spinning. `atom::drain`: no more are accepted, and those there are end
/// their work.
class listener : public caf::event_based_actor {
public:
  listener(caf::actor_config& config, net::listening on, context_ptr with, std::shared_ptr<admission> places,
           spawn_connection spawn);
  const char* name() const override { return "listener"; }
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;

private:
  using acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  net::task<> accept_all();
  net::task<> admit_proxied(net::socket socket, peer who);
  net::task<bool> read_proxy_header(net::socket& socket, peer& who);
  void turn_away(net::socket& socket, std::string_view why) const;
  void take(net::socket socket, peer who);

  net::listening on_;
  context_ptr with_;
  std::shared_ptr<admission> places_;
  spawn_connection spawn_;
  boost::asio::io_context* io_ = nullptr;
  std::unique_ptr<acceptor> acceptor_;
  std::unique_ptr<boost::asio::steady_timer> pause_;
  std::unordered_set<caf::actor_addr> connections_;
  bool draining_ = false;
};

} // namespace stagepost::connection
