#include "admin/http/message.hpp"

#include <fmt/format.h>

namespace stagepost::http {

namespace {

std::string_view reason_of(status value) {
  switch (value) {
  case status::ok: return "OK";
  case status::found: return "Found";
  case status::bad_request: return "Bad Request";
  case status::unauthorized: return "Unauthorized";
  case status::forbidden: return "Forbidden";
  case status::not_found: return "Not Found";
  case status::method_not_allowed: return "Method Not Allowed";
  case status::content_too_large: return "Content Too Large";
  case status::target_too_long: return "URI Too Long";
  case status::too_many_requests: return "Too Many Requests";
  case status::fields_too_large: return "Request Header Fields Too Large";
  case status::internal_error: return "Internal Server Error";
  case status::unavailable: return "Service Unavailable";
  }
  return {};
}

} // namespace

response say(http::status status, std::string_view line) {
  response made;
  made.status = status;
  made.body = std::string(line) + '\n';
  return made;
}

std::string wire_form(const response& what, bool body, bool keep) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\n"
                  "Server: Stagepost\r\n"
                  "Content-Type: {}\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "Content-Length: {}\r\n",
                  uint16_t(what.status), reason_of(what.status), what.content_type, what.body.size());
  for (const auto& [name, value] : what.fields) out += fmt::format("{}: {}\r\n", name, value);
  out += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (body) out += what.body;
  return out;
}

} // namespace stagepost::http
