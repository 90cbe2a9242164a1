#pragma once

#include "actors/net/connection.hpp"
#include "actors/web/fetcher.hpp"
#include "protocols/http/url.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::web {

/// A request to be done.
struct line_order {
  uint64_t number = 0;
  fetch what;
  std::chrono::steady_clock::time_point until;
};
using line_owner_actor = caf::typed_actor<caf::reacts_to<fetch_ended>>;

/// What is told where no answer came.
fetched failed_fetch(std::string why);

/// Does one GET: looks the host up, connects, asks, reads, tells whoever spawned it, and ends.
class fetch_line : public net::connection {
public:
  fetch_line(caf::actor_config& config, boost::asio::io_context& io, setup_ptr with, line_owner_actor owner,
             line_order order);
  ~fetch_line() override;
  const char* name() const override { return "web.line"; }
  void on_exit() override;

protected:
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  /// Asks one server, whose answer may be to ask another one.
  net::task<fetched> get(const http::url& at);
  net::task<std::vector<std::string>> addresses_of(const http::url& at, std::string& problem);
  bool may_connect_to(const std::string& address) const;
  /// Why there is no line; empty: there is one.
  net::task<std::string> reach(const http::url& at);
  net::task<fetched> ask_for(const http::url& at);
  std::string request_for(const http::url& at) const;
  std::chrono::milliseconds left() const;
  void finish(fetched what);

  setup_ptr with_;
  line_owner_actor owner_;
  uint64_t number_;
  fetch what_;
  std::chrono::steady_clock::time_point until_;
  std::string location_; ///< of the last answer
};

} // namespace stagepost::web

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::line_order)
