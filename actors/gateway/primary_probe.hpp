#pragma once

#include "actors/net/client_tls.hpp"
#include "actors/net/connection.hpp"
#include "actors/settings.hpp"
#include "conf/node_settings.hpp"
#include "protocols/smtp_client/session.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::gateway {

/// Where a primary mail server is asked, and whom for.
struct probe_order {
  uint64_t number = 0; ///< comes back with what was found
  std::vector<std::string> addresses;
  uint16_t port = 25;
  std::string recipient; ///< empty: only whether it lets us in
};

struct probed {
  uint64_t number = 0;
  bool let_in = false; ///< a server said hello and would take mail
  /// What it said of the recipient: `delivered`, it would take mail for him. Without a value nothing.
  std::optional<smtp_client::outcome> recipient;
  std::string why; ///< there is no answer
};
using probe_taker_actor = caf::typed_actor<caf::reacts_to<probed>>;

/// What all probes share.
struct probe_setup {
  live_settings_ptr settings;
  std::string host_name; ///< what we call ourselves
  net::client_tls_ptr tls;
  conf::outbound_limits limits; ///< how far this node may go
};
using probe_setup_ptr = std::shared_ptr<const probe_setup>;

/// A connection to a primary mail server that hands over no mail: it says hello and, if there is a recipient,
/// MAIL FROM:<> and RCPT TO. The first address that lets us in is the one that is asked; whoever ordered it
/// is told once, whatever happens, and its end ends the probe.
class primary_probe : public net::connection {
public:
  primary_probe(caf::actor_config& config, boost::asio::io_context& io, probe_setup_ptr with,
                probe_order order, probe_taker_actor taker);
  ~primary_probe() override;
  const char* name() const override { return "gateway.probe"; }
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  net::task<> try_address(const std::string& address, smtp_client::tls_policy tls);
  net::task<std::string> reach(const std::string& address);
  bool may_connect_to(const std::string& address) const;
  net::task<> converse();
  net::task<> perform();
  smtp_client::actions on_ready();
  void tell();

  probe_setup_ptr with_;
  probe_order order_;
  probe_taker_actor taker_;
  probed found_;
  bool told_ = false;
  bool handshake_failed_ = false;
  bool ended_ = false;
  std::optional<smtp_client::session> session_;
  std::deque<smtp_client::action> todo_;
};

} // namespace stagepost::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::probed)
