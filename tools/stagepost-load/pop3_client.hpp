#pragma once

#include "line_connection.hpp"

#include <string>

namespace stagepost::load {

/// One POP3 connection as a client (RFC 1939). A reply other than +OK throws unexpected_reply.
class pop3_client {
public:
  pop3_client(boost::asio::io_context& io, server_target target);

  /// Connects, reads the greeting and starts TLS when asked to.
  awaitable<void> open();
  awaitable<void> log_in(const std::string& user);
  /// How many messages the maildrop holds.
  awaitable<uint32_t> count();

  /// Asks for messages `first` to `last` in one write.
  awaitable<void> request(uint32_t first, uint32_t last);
  /// Reads one asked-for message as it was sent: dots stuffed, ended by CRLF . CRLF. Valid until the next
  /// read.
  awaitable<std::string_view> read_message();
  awaitable<void> quit();

private:
  awaitable<std::string> run(std::string command);

  line_connection wire_;
  server_target target_;
};

/// The message inside what `read_message` gave: without stuffed dots and without the ending dot (RFC 1939 3).
std::string unstuffed(std::string_view text);

} // namespace stagepost::load
