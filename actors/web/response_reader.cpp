#include "actors/web/response_reader.hpp"

#include "protocols/base/text.hpp"

#include <boost/beast/http.hpp>

#include <optional>

namespace stagepost::web {

namespace beast = boost::beast::http;

namespace {

constexpr uint32_t longest_header = 16384;
/// 103 Early Hints and the like (RFC 9110 15.2).
constexpr int most_interim = 5;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

} // namespace

struct response_reader::parts {
  std::optional<beast::response_parser<beast::string_body>> parser;

  void renew(size_t size_limit) {
    parser.emplace();
    parser->header_limit(longest_header);
    parser->body_limit(size_limit);
    parser->eager(true);
  }
};

response_reader::response_reader(size_t size_limit)
    : parts_(std::make_unique<parts>()), size_limit_(size_limit) {
  parts_->renew(size_limit);
}

response_reader::~response_reader() = default;

response_reader::state response_reader::fail(std::string why) {
  problem_ = std::move(why);
  return state::failed;
}

response_reader::state response_reader::feed(bytes_view in) {
  pending_ += in;
  for (;;) {
    boost::beast::error_code bad;
    const auto used = parts_->parser->put(boost::asio::buffer(pending_), bad);
    pending_.erase(0, used);
    if (bad == beast::error::header_limit) return fail("the header of the answer is too large");
    if (bad == beast::error::body_limit) return fail("the answer is too large");
    if (bad && bad != beast::error::need_more) return fail("the answer is no HTTP: " + bad.message());
    if (parts_->parser->is_done()) {
      if (status() / 100 != 1) return state::whole;
      if (++interim_ > most_interim) return fail("the server does not come to an answer");
      parts_->renew(size_limit_);
    } else if (bad == beast::error::need_more || used == 0) {
      // A line that does not end, of a header or of a chunk's size.
      if (pending_.size() > longest_header) return fail("the header of the answer is too large");
      return state::more;
    }
    if (pending_.empty()) return state::more;
  }
}

response_reader::state response_reader::end() {
  if (!parts_->parser->got_some()) return fail("the server closed without an answer");
  boost::beast::error_code bad;
  parts_->parser->put_eof(bad);
  if (bad || !parts_->parser->is_done()) return fail("the server closed in the middle of its answer");
  return state::whole;
}

int response_reader::status() const { return int(parts_->parser->get().result_int()); }

std::string response_reader::media_type() const {
  auto field = view(parts_->parser->get()[beast::field::content_type]);
  return ascii_lower(trim(take_until(field, ';')));
}

std::string response_reader::location() const {
  return std::string(view(parts_->parser->get()[beast::field::location]));
}

std::string response_reader::take_body() { return std::move(parts_->parser->get().body()); }

} // namespace stagepost::web
