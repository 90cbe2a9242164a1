#pragma once

#include "actors/connection/control_request.hpp"
#include "actors/net/connection.hpp"

#include <string>

namespace stagepost::connection {

/// One administrator on the local control socket: a JSON object a line in, one a line out. Only the superuser
/// and the user the server runs as may speak. A request with "octets": N is followed by N octets (a message
/// to be imported).
class control_connection : public net::connection {
public:
  control_connection(caf::actor_config& config, net::socket socket, peer who, control_services_ptr with);
  const char* name() const override { return "control"; }

protected:
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  bool is_permitted();
  /// Adds to `pending_`; false when nothing comes any more.
  net::task<bool> read_more();
  net::task<bool> read_line(std::string& line);
  net::task<bool> read_octets(std::string& octets, uint64_t count);
  net::task<bool> skip_octets(uint64_t count);
  /// The octets that belong to a request and its answer; nothing when the client is to be let go.
  net::task<bool> take(const std::string& line);

  peer who_;
  control_services_ptr with_;
  std::string pending_; ///< read and not used
};

} // namespace stagepost::connection
