#pragma once

#include "line_connection.hpp"

#include <functional>
#include <string>
#include <vector>

namespace stagepost::load {

/// One untagged response. `text` leaves out what its literals hold: it has "{12}" where those 12 octets
/// stood.
struct imap_response {
  std::string_view text;
  const std::vector<std::string>& literals;
};

using imap_handler = std::function<void(const imap_response&)>;

/// What SELECT said of a mailbox.
struct imap_mailbox_state {
  uint32_t exists = 0;
  uint32_t uid_next = 1;
};

/// One IMAP connection as a client (RFC 3501, and RFC 9051 where the server offers it). Commands are awaited
/// one after the other; a reply other than OK throws unexpected_reply.
class imap_client {
public:
  imap_client(boost::asio::io_context& io, server_target target);

  /// Connects, reads the greeting and starts TLS when asked to.
  awaitable<void> open();
  /// Logs in as `user` with the target's password.
  awaitable<void> log_in(const std::string& user);
  awaitable<imap_mailbox_state> select(const std::string& mailbox);
  /// Sends a command without its tag and hands every untagged response before its end to `handler`.
  awaitable<void> run(std::string command, imap_handler handler = {});
  /// Appends messages in one command: more than one only when the server offers MULTIAPPEND.
  awaitable<void> append(const std::string& mailbox, const std::vector<std::string>& messages);
  /// Sends IDLE and awaits the continuation; nothing is read after that until `end_idle` or `next_line`.
  awaitable<void> begin_idle();
  awaitable<void> end_idle();
  /// The next line, whatever it is: for one who idles.
  awaitable<std::string> next_line();
  awaitable<void> log_out();
  void close() { wire_.close(); }

  bool offers(std::string_view capability) const;
  uint64_t bytes_received() const { return wire_.bytes_received(); }

private:
  awaitable<void> learn_capabilities();
  void note_capabilities(std::string_view text);
  awaitable<void> read_until_tagged(imap_handler handler);
  awaitable<void> read_continuation();
  std::string next_tag();

  line_connection wire_;
  server_target target_;
  std::string tag_;
  uint32_t commands_ = 0;
  std::vector<std::string> capabilities_;
};

/// The number of an untagged "* N WORD" response; false when it is another one.
bool numbered_response(std::string_view text, std::string_view word, uint32_t& number);

} // namespace stagepost::load
