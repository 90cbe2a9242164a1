#pragma once

#include "admin/http/message.hpp"

#include <functional>
#include <memory>

namespace stagepost::http {

inline constexpr size_t longest_header = 16384;

/// Reads one request (RFC 9112, by Beast) from octets as they come, and no further than its limits.
class request_reader {
public:
  /// Says how large the body may be, once it is known what is asked for.
  using body_limit = std::function<uint64_t(const request&)>;
  explicit request_reader(body_limit limit);
  ~request_reader();

  enum class state : uint8_t {
    more,         ///< it is not whole
    awaits_leave, ///< the same, and the client waits to be told that it may send the body (RFC 9110 10.1.1)
    whole,
    refused, ///< `refusal` says why; what follows on the connection cannot be read
  };
  /// Takes what it needs off the front of `pending`.
  state feed(std::string& pending);

  /// When it is whole, but for what the connection knows of its client.
  request take();
  bool keep_alive() const;
  response refusal() const { return refusal_; }

private:
  struct parts;
  state refuse(http::status status, std::string_view line);
  bool read_header();

  std::unique_ptr<parts> parts_;
  body_limit limit_;
  request found_;
  response refusal_;
  bool header_read_ = false;
  bool may_await_leave_ = true;
};

} // namespace stagepost::http
