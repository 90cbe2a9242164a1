#include "admin/http/request_reader.hpp"

#include "protocols/base/text.hpp"

#include <boost/beast/http.hpp>

#include <utility>

namespace stagepost::http {

namespace beast = boost::beast::http;

struct request_reader::parts {
  beast::request_parser<beast::string_body> parser;
};

namespace {

method method_of(beast::verb verb) {
  switch (verb) {
  case beast::verb::get: return method::get;
  case beast::verb::head: return method::head;
  case beast::verb::post: return method::post;
  default: return method::other;
  }
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

} // namespace

request_reader::request_reader(body_limit limit)
    : parts_(std::make_unique<parts>()), limit_(std::move(limit)) {
  parts_->parser.header_limit(uint32_t(longest_header));
  // What is asked for decides, and is not known yet.
  parts_->parser.body_limit(boost::none);
}

request_reader::~request_reader() = default;

request_reader::state request_reader::refuse(http::status status, std::string_view line) {
  refusal_ = say(status, line);
  return state::refused;
}

/// False when the request is refused.
bool request_reader::read_header() {
  header_read_ = true;
  const auto& message = parts_->parser.get();
  const auto target = parse_target(view(message.target()));
  if (!target) {
    refuse(http::status::bad_request, "Bad request.");
    return false;
  }
  found_.method = method_of(message.method());
  found_.target = *target;
  found_.host = host_of(view(message[beast::field::host]));
  found_.authorization = std::string(view(message[beast::field::authorization]));
  const auto limit = limit_(found_);
  const auto told = parts_->parser.content_length();
  if (told && *told > limit) {
    refuse(http::status::content_too_large, "That is too much.");
    return false;
  }
  parts_->parser.body_limit(limit); // for one that comes in chunks, or has no length
  return true;
}

request_reader::state request_reader::feed(std::string& pending) {
  auto& parser = parts_->parser;
  while (!parser.is_done()) {
    if (pending.empty()) break;
    boost::beast::error_code bad;
    const auto used = parser.put(boost::asio::buffer(pending), bad);
    pending.erase(0, used);
    if (bad == beast::error::need_more) {
      if (pending.size() > longest_header) return refuse(http::status::fields_too_large, "That is too much.");
      break;
    }
    if (bad == beast::error::header_limit) return refuse(http::status::fields_too_large, "That is too much.");
    if (bad == beast::error::body_limit) return refuse(http::status::content_too_large, "That is too much.");
    if (bad) return refuse(http::status::bad_request, "Bad request.");
    if (parser.is_header_done() && !header_read_ && !read_header()) return state::refused;
    if (used == 0 && !parser.is_done()) break;
  }
  if (parser.is_done()) return state::whole;
  if (header_read_ && std::exchange(may_await_leave_, false) &&
      ascii_iequals(view(parser.get()[beast::field::expect]), "100-continue"))
    return state::awaits_leave;
  return state::more;
}

request request_reader::take() {
  found_.body = std::move(parts_->parser.get().body());
  return std::move(found_);
}

bool request_reader::keep_alive() const { return parts_->parser.get().keep_alive(); }

} // namespace stagepost::http
