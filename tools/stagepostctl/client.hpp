#pragma once

#include <boost/json/object.hpp>

#include <stdexcept>
#include <string>

namespace stagepost::ctl {

/// The server cannot be reached or broke off; what() is a sentence that says so.
struct unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The server's control socket. Throws `unreachable`.
class client {
public:
  explicit client(const std::string& socket_path);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Sends a request, with the octets that belong to it, and waits for the answer.
  boost::json::object ask(boost::json::object request, const std::string& octets = {});

private:
  void send_all(const std::string& text);

  int descriptor_ = -1;
  std::string pending_;
};

} // namespace stagepost::ctl
