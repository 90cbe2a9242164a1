#pragma once

#include "target.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace stagepost::load {

enum class reader_kind : uint8_t { none, imap, pop3 };

/// Sees one mailbox as a mail program would, and counts from what was there when it looked first.
class mailbox_reader {
public:
  using message_handler = std::function<void(std::string_view message)>;

  virtual ~mailbox_reader() = default;
  /// Logs in and notes what the mailbox holds already.
  virtual boost::asio::awaitable<void> open(std::string user) = 0;
  /// How many messages are visible that were not at `open`.
  virtual boost::asio::awaitable<uint32_t> arrived() = 0;
  /// Reads each of those the last `arrived` counted.
  virtual boost::asio::awaitable<void> read_arrived(message_handler handler) = 0;
  virtual boost::asio::awaitable<void> close() = 0;
};

/// A reader of the kind asked for, which must not be `none`.
std::unique_ptr<mailbox_reader> make_reader(reader_kind kind, boost::asio::io_context& io,
                                            server_target target);

} // namespace stagepost::load
