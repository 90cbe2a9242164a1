#pragma once

#include "actors/net/connection.hpp"
#include "admin/http/request_reader.hpp"
#include "admin/http/services.hpp"

#include <memory>
#include <string>

namespace stagepost::http {

/// One HTTP/1.1 client: reads requests within their limits, has the router answer them, one after the other.
class http_connection : public net::connection {
public:
  http_connection(caf::actor_config& config, net::socket socket, services_ptr with, std::string peer_address,
                  bool tls, std::shared_ptr<void> ticket);
  ~http_connection() override;
  const char* name() const override { return "http"; }

protected:
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  /// Until the request is whole or refused; false when there will be no more of it.
  net::task<bool> read(request_reader& reader, request_reader::state& reached);

  /// Reads on and drops it, after a refusal: closing before the client has sent what it had to send would
  /// make its system throw the refusal away unread.
  net::task<> linger();
  /// Goes on when the actors and sockets that wait have had their turn.
  net::task<> let_others();

  services_ptr with_;
  std::string peer_address_;
  bool tls_;
  std::shared_ptr<void> ticket_;
  std::string pending_; ///< read and not used
};

} // namespace stagepost::http
