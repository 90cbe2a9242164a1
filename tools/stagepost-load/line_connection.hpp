#pragma once

#include "target.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace stagepost::load {

template <class T>
using awaitable = boost::asio::awaitable<T>;

/// The server said something the verb cannot go on from; the text is its reply.
struct unexpected_reply : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where the target is. Waits for the resolver when the host is a name.
boost::asio::ip::tcp::endpoint endpoint_of(boost::asio::io_context& io, const server_target& target);

/// One TCP connection that reads lines, counted octets and dot-ended texts, plain or over TLS. Network
/// failures are thrown as boost::system::system_error. A view it returns is valid until the next call that
/// reads.
class line_connection {
public:
  explicit line_connection(boost::asio::io_context& io);
  line_connection(const line_connection&) = delete;
  line_connection& operator=(const line_connection&) = delete;

  /// Connects, and with tls_mode::implicit shakes hands as well.
  awaitable<void> open(const server_target& target);
  /// Shakes hands on the open connection. What was read before counts no more (RFC 3207 4.2).
  awaitable<void> start_tls();
  /// Drops the connection without a word.
  void close();

  /// Takes a whole line, without its end, out of what was read already. False when there is none.
  bool take_line(std::string_view& line);
  /// Reads at least one octet more.
  awaitable<void> fill();

  awaitable<std::string_view> read_line();
  awaitable<std::string_view> read_exactly(size_t size);
  /// Everything up to and including `terminator`.
  awaitable<std::string_view> read_through(std::string_view terminator);

  awaitable<void> write(std::string_view text);
  /// Both in one system call, without joining them first.
  awaitable<void> write(std::string_view first, std::string_view second);

  uint64_t bytes_received() const { return bytes_received_; }

private:
  // A server that sends more than this without an end of line is broken or speaks another protocol.
  static constexpr size_t buffer_limit = 64u << 20;

  std::string_view waiting() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void make_room();

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_received_ = 0;
};

} // namespace stagepost::load
