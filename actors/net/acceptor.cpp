#include "actors/net/acceptor.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace stagepost::net {

namespace {

constexpr int backlog = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

[[noreturn]] void close_and_fail(int descriptor, const std::string& what) {
  const int why = errno;
  ::close(descriptor);
  errno = why;
  fail(what);
}

listening listen_local(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path)
    throw std::runtime_error(path + ": the path is too long for a socket");
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) fail(path);
  const bool answers = ::connect(probe, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
  ::close(probe);
  if (answers) throw std::runtime_error(path + ": another process listens there");
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path.c_str());
  listening made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), AF_UNIX, path, 0};
  if (made.descriptor < 0) fail(path);
  // Only our own user: who may talk to it is checked again by whoever accepts.
  const auto old_mask = ::umask(0177);
  const int bound = ::bind(made.descriptor, reinterpret_cast<sockaddr*>(&where), sizeof where);
  const int why = errno;
  ::umask(old_mask);
  errno = why;
  if (bound != 0 || ::listen(made.descriptor, backlog) != 0) close_and_fail(made.descriptor, path);
  return made;
}

listening listen_ip(const sockaddr* where, socklen_t size, const std::string& name) {
  listening made{::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), where->sa_family,
                 name, 0};
  if (made.descriptor < 0) fail(name);
  const int on = 1;
  ::setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (where->sa_family == AF_INET6) ::setsockopt(made.descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(made.descriptor, where, size) != 0 || ::listen(made.descriptor, backlog) != 0)
    close_and_fail(made.descriptor, name);
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  ::getsockname(made.descriptor, reinterpret_cast<sockaddr*>(&bound), &bound_size);
  made.port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                                : reinterpret_cast<sockaddr_in&>(bound).sin_port);
  return made;
}

} // namespace

std::vector<listening> listen_on(const std::string& address, uint16_t port) {
  if (!address.empty() && address.front() == '/') return {listen_local(address)};
  std::vector<listening> made;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const auto name = fmt::format("{} port {}", address, port);
  if (address == "*") {
    v4.sin_addr.s_addr = INADDR_ANY;
    v6.sin6_addr = in6addr_any;
    made.push_back(listen_ip(reinterpret_cast<sockaddr*>(&v4), sizeof v4, name));
    try {
      made.push_back(listen_ip(reinterpret_cast<sockaddr*>(&v6), sizeof v6, name));
    } catch (const std::runtime_error&) {
      if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) { // else a machine without IPv6
        ::close(made.front().descriptor);
        throw;
      }
    }
  } else if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    made.push_back(listen_ip(reinterpret_cast<sockaddr*>(&v4), sizeof v4, name));
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    made.push_back(listen_ip(reinterpret_cast<sockaddr*>(&v6), sizeof v6, name));
  } else {
    throw std::runtime_error(address + ": not an address");
  }
  return made;
}

} // namespace stagepost::net
