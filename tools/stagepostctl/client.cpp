#include "tools/stagepostctl/client.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace stagepost::ctl {

client::client(const std::string& socket_path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof where.sun_path) throw unreachable(socket_path + ": the path is too long");
  std::memcpy(where.sun_path, socket_path.c_str(), socket_path.size() + 1);
  descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0 || ::connect(descriptor_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) {
    const std::string why = std::strerror(errno);
    if (descriptor_ >= 0) ::close(descriptor_);
    throw unreachable("the server does not answer at " + socket_path + ": " + why);
  }
}

client::~client() { ::close(descriptor_); }

void client::send_all(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const auto sent = ::send(descriptor_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) throw unreachable("the server broke off");
    at += size_t(sent);
  }
}

boost::json::object client::ask(boost::json::object request, const std::string& octets) {
  if (!octets.empty()) request["octets"] = octets.size();
  send_all(boost::json::serialize(request) + '\n');
  if (!octets.empty()) send_all(octets);
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      const auto line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return boost::json::parse(line).as_object();
    }
    char buffer[65536];
    const auto got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw unreachable("the server broke off (only the superuser and the server's own user may talk to it)");
    pending_.append(buffer, size_t(got));
  }
}

} // namespace stagepost::ctl
