#pragma once

#include "actors/connection/context.hpp"
#include "actors/net/connection.hpp"
#include "actors/spool/interface.hpp"
#include "storage/store.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::connection {

/// What the administrator's door leads to.
struct control_services {
  context_ptr with;
  std::shared_ptr<storage::store> system_store;
  std::vector<spool::queue_actor> queues; ///< by shard
  std::chrono::steady_clock::time_point started_at;
  std::function<void()> reload; ///< settings and certificates, as SIGHUP does
  std::string node_name;
  std::vector<std::string> listeners; ///< as status shows them
};
using control_services_ptr = std::shared_ptr<const control_services>;

/// One administrator on the local control socket: a JSON object a line in, one a line out. Only the superuser and the
/// user the server runs as may speak. A request with "octets": N is followed by N octets (a message to be imported).
class control_connection : public net::connection {
public:
  control_connection(caf::actor_config& config, net::socket socket, control_services_ptr with);
  const char* name() const override { return "control"; }

protected:
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  bool is_permitted();
  net::task<bool> read_line(std::string& line);
  net::task<bool> read_octets(uint64_t count);
  net::task<boost::json::object> answer(const boost::json::object& request);
  net::task<boost::json::object> change_directory(const std::string& verb, const boost::json::object& request);
  net::task<boost::json::object> list_directory(const std::string& verb, const boost::json::object& request);
  net::task<boost::json::object> queue(const std::string& verb, const boost::json::object& request);
  net::task<boost::json::object> trace(const boost::json::object& request);
  net::task<boost::json::object> verify();
  net::task<boost::json::object> backup(const boost::json::object& request);
  net::task<boost::json::object> import(const boost::json::object& request);
  net::task<boost::json::object> status();
  boost::json::object settings(const boost::json::object& request) const;
  net::task<bool> offload(std::function<void()> what);

  control_services_ptr with_;
  std::string pending_; ///< read and not used
  std::string octets_;  ///< that came with the request
};

} // namespace stagepost::connection
