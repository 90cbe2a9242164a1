#include "line_connection.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstring>

namespace stagepost::load {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;

// One context for all: a load generator measures the server, so it verifies nothing and resumes nothing.
asio::ssl::context& tls_context() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    made.set_verify_mode(asio::ssl::verify_none);
    SSL_CTX_set_session_cache_mode(made.native_handle(), SSL_SESS_CACHE_OFF);
    return made;
  }();
  return context;
}

} // namespace

asio::ip::tcp::endpoint endpoint_of(asio::io_context& io, const server_target& target) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(target.host, not_an_address);
  if (!not_an_address) return {address, target.port};
  return *asio::ip::tcp::resolver(io).resolve(target.host, std::to_string(target.port)).begin();
}

line_connection::line_connection(asio::io_context& io) : socket_(io) {}

awaitable<void> line_connection::open(const server_target& target) {
  auto& io = static_cast<asio::io_context&>(socket_.get_executor().context());
  const auto endpoint = endpoint_of(io, target);
  co_await socket_.async_connect(endpoint, use_awaitable);
  socket_.set_option(asio::ip::tcp::no_delay(true));
  if (target.tls == tls_mode::implicit) co_await start_tls();
}

awaitable<void> line_connection::start_tls() {
  begin_ = end_ = 0;
  tls_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket&>>(socket_, tls_context());
  co_await tls_->async_handshake(asio::ssl::stream_base::client, use_awaitable);
}

void line_connection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  tls_.reset();
  begin_ = end_ = 0;
}

bool line_connection::take_line(std::string_view& line) {
  const auto text = waiting();
  const auto newline = text.find('\n');
  if (newline == std::string_view::npos) return false;
  begin_ += newline + 1;
  line = text.substr(0, newline);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

void line_connection::make_room() {
  // Thousands of idle connections need next to nothing; a bulk reader grows to what its replies ask for.
  constexpr size_t first_size = 4096;
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ >= first_size / 2) return;
  if (begin_ > buffer_.size() / 2) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return;
  }
  if (buffer_.size() >= buffer_limit) throw unexpected_reply("a reply without an end");
  buffer_.resize(std::max(first_size, buffer_.size() * 2));
}

awaitable<void> line_connection::fill() {
  make_room();
  const auto room = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  size_t size = 0;
  if (tls_)
    size = co_await tls_->async_read_some(room, use_awaitable);
  else
    size = co_await socket_.async_read_some(room, use_awaitable);
  end_ += size;
  bytes_received_ += size;
}

awaitable<std::string_view> line_connection::read_line() {
  std::string_view line;
  while (!take_line(line)) co_await fill();
  co_return line;
}

awaitable<std::string_view> line_connection::read_exactly(size_t size) {
  while (end_ - begin_ < size) co_await fill();
  const auto text = waiting().substr(0, size);
  begin_ += size;
  co_return text;
}

awaitable<std::string_view> line_connection::read_through(std::string_view terminator) {
  size_t searched = 0;
  for (;;) {
    const auto text = waiting();
    const auto found = text.find(terminator, searched);
    if (found != std::string_view::npos) {
      begin_ += found + terminator.size();
      co_return text.substr(0, found + terminator.size());
    }
    searched = text.size() < terminator.size() ? 0 : text.size() - terminator.size() + 1;
    co_await fill();
  }
}

awaitable<void> line_connection::write(std::string_view text) {
  if (tls_)
    co_await asio::async_write(*tls_, asio::buffer(text), use_awaitable);
  else
    co_await asio::async_write(socket_, asio::buffer(text), use_awaitable);
}

awaitable<void> line_connection::write(std::string_view first, std::string_view second) {
  const std::array<asio::const_buffer, 2> parts{asio::buffer(first), asio::buffer(second)};
  if (tls_)
    co_await asio::async_write(*tls_, parts, use_awaitable);
  else
    co_await asio::async_write(socket_, parts, use_awaitable);
}

} // namespace stagepost::load
