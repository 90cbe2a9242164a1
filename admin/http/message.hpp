#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/http/target.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagepost::http {

enum class method : uint8_t { get, head, post, other };

/// A whole request of a client.
struct request {
  http::method method = http::method::get;
  http::target target;
  std::string host; ///< of the Host field, without its port; empty when there is none
  bytes body;
  std::string peer;          ///< address it comes from
  bool tls = false;          ///< it came over TLS of ours
  std::string authorization; ///< the field of that name
};

enum class status : uint16_t {
  ok = 200,
  found = 302,
  bad_request = 400,
  unauthorized = 401,
  forbidden = 403,
  not_found = 404,
  method_not_allowed = 405,
  content_too_large = 413,
  target_too_long = 414,
  too_many_requests = 429,
  fields_too_large = 431,
  internal_error = 500,
  unavailable = 503,
};

struct response {
  http::status status = http::status::ok;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> fields; ///< beside those of all responses
};

/// A response of one line of text.
response say(http::status status, std::string_view line);

/// How the response goes to the client (RFC 9112). `body` false: to HEAD, which is told the length all the
/// same. `keep` false: the last on this connection.
std::string wire_form(const response& what, bool body, bool keep);

} // namespace stagepost::http
