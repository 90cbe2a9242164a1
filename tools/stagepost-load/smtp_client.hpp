#pragma once

#include "line_connection.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::load {

struct smtp_dialect {
  /// RFC 2033: LHLO, and one reply per recipient after DATA.
  bool lmtp = false;
  /// RFC 2920: MAIL, RCPT and DATA in one write.
  bool pipelining = false;
  std::string helo = "load.sender.test";
  std::string sender = "load@sender.test";
};

/// What became of one message.
struct transaction {
  /// For each recipient, whether the server took the message for it.
  std::vector<bool> taken;
  /// The first reply that was not the hoped for one; empty when all went well.
  std::string error;
  /// When the last octet of the message had been handed to the kernel.
  std::chrono::steady_clock::time_point data_ended_at;
};

/// One SMTP or LMTP connection as a client. Commands must be awaited one after the other.
class smtp_client {
public:
  smtp_client(boost::asio::io_context& io, server_target target, smtp_dialect dialect);

  /// Connects, greets, starts TLS and logs in, as the target says. Throws unexpected_reply when refused.
  awaitable<void> open();
  /// Sends one message whose lines end in CRLF and never begin with a dot.
  awaitable<transaction> send(const std::vector<std::string>& recipients, std::string_view message);
  awaitable<void> quit();

private:
  struct reply {
    int code = 0;
    std::string text;
  };
  awaitable<reply> read_reply();
  awaitable<void> expect(int code);
  awaitable<void> greet();
  awaitable<void> send_envelope(const std::vector<std::string>& recipients, transaction& result);

  line_connection wire_;
  server_target target_;
  smtp_dialect dialect_;
};

} // namespace stagepost::load
