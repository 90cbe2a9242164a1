#include "actors/net/connection.hpp"

#include "actors/net/scheduler.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace stagepost::net {

namespace {

/// One read takes at most this much: a large message in few system calls, and no connection keeps the thread
/// long.
constexpr size_t read_size = 128 * 1024;
/// An idle connection keeps no more than this for what it will send next.
constexpr size_t kept_output = 512;

/// Whether this machine had not what a connection takes.
bool is_shortage(int why) {
  return why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM || why == EAGAIN ||
         why == EADDRINUSE || why == EADDRNOTAVAIL;
}

} // namespace

caf::result<caf::message> ignore(caf::scheduled_actor*, caf::message_view&) { return caf::message{}; }

connection::connection(caf::actor_config& config, net::socket socket)
    : event_based_actor(config), stream_(std::move(socket)) {}

void connection::on_exit() {
  boost::system::error_code ignored;
  stream_.socket().close(ignored); // ends a suspended coroutine
  scheduler::of(system()).clock().forget(tick_);
}

caf::behavior connection::make_behavior() {
  set_default_handler(ignore);
  set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
  actor_executor executor(caf::strong_actor_ptr{ctrl()}, this,
                          static_cast<boost::asio::io_context*>(&stream_.socket().get_executor().context()));
  boost::asio::co_spawn(executor, run(), [this](std::exception_ptr failed) {
    if (failed) {
      try {
        std::rethrow_exception(failed);
      } catch (const peer_gone&) {
      } catch (const std::exception& why) {
        on_failure(why);
      }
    }
    quit();
  });
  caf::message_handler own{
      [](job_ptr& next) { next->run(); },
      [this](atom::tick) { on_tick(); },
      [this](atom::drain) {
        draining_ = true;
        poke();
      },
  };
  return own.or_else(handlers());
}

task<> connection::run() {
  co_await serve();
  stream_.shut_down();
}

void connection::arm(std::chrono::milliseconds limit) {
  timed_out_ = false;
  deadline_ = clock().now() + limit;
  // Mostly a tick is on its way already that comes before the deadline and will look again.
  if (tick_.first > deadline_) schedule_tick();
}

void connection::schedule_tick() {
  auto& clock = scheduler::of(system()).clock();
  clock.forget(tick_);
  tick_ = clock.wake_at(
      deadline_, caf::strong_actor_ptr{ctrl()},
      caf::make_mailbox_element(nullptr, caf::make_message_id(), caf::no_stages, atom::tick::value));
}

void connection::on_tick() {
  const auto now = clock().now();
  if (now < tick_.first) return; // was on its way already when a nearer one came in its place
  tick_.first = actor_clock::time_point::max();
  if (!waiting_) return; // the next wait arms again
  if (now < deadline_) return schedule_tick();
  timed_out_ = true;
  boost::system::error_code ignored;
  stream_.socket().cancel(ignored);
}

/// False when the time was up.
task<bool> connection::wait_ready(int what, std::chrono::milliseconds limit) {
  arm(limit);
  waiting_ = true;
  boost::system::error_code failed;
  const auto kind =
      what == stream::want_write ? boost::asio::socket_base::wait_write : boost::asio::socket_base::wait_read;
  co_await stream_.socket().async_wait(kind, boost::asio::redirect_error(in_actor, failed));
  waiting_ = false;
  co_return !timed_out_;
}

task<connection::wake> connection::wait_for_input(std::chrono::milliseconds idle) {
  if (draining_) co_return wake::drain;
  if (more_input_ && !poked_) {
    // Others have their turn between two records. Only read_some says that there is no more.
    co_await boost::asio::post(stream_.socket().get_executor(), in_actor);
  } else if (!poked_) {
    stream_.rest();
    const bool in_time = co_await wait_ready(stream::want_read, idle);
    if (!in_time) co_return wake::timeout;
  }
  if (draining_) co_return wake::drain;
  if (poked_) {
    poked_ = false;
    co_return wake::poked;
  }
  co_return wake::input;
}

void connection::poke() {
  poked_ = true;
  if (!waiting_) return;
  boost::system::error_code ignored;
  stream_.socket().cancel(ignored);
}

connection::got connection::read_some() {
  static thread_local const auto buffer = std::make_unique<char[]>(read_size);
  const int count = stream_.read(buffer.get(), read_size);
  more_input_ = count > 0 && stream_.holds_input();
  if (count > 0) {
    input_ = bytes_view(buffer.get(), size_t(count));
    return got::some;
  }
  input_ = {};
  return count == stream::want_read || count == stream::want_write ? got::nothing : got::closed;
}

task<> connection::flush() {
  // The limit is on progress: a poke cancels the wait too, and must not give a peer that reads nothing more
  // time.
  if (stream_.is_compressed() && !out_.empty()) out_ = deflater::pack(out_);
  auto until = clock().now() + write_limit_;
  const auto end = flush_limit_.count() > 0 ? clock().now() + flush_limit_ : decltype(until)::max();
  for (size_t at = 0; at < out_.size();) {
    const int count = stream_.write(out_.data() + at, out_.size() - at);
    if (count > 0) {
      at += size_t(count);
      until = clock().now() + write_limit_;
      continue;
    }
    if (count != stream::want_read && count != stream::want_write) throw peer_gone{};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::min(until, end) - clock().now());
    if (left.count() <= 0) throw peer_gone{};
    const bool in_time = co_await wait_ready(count, left);
    if (!in_time) throw peer_gone{};
  }
  if (out_.capacity() > kept_output)
    std::string().swap(out_);
  else
    out_.clear();
}

task<bool> connection::shake_hands(tls_context_ptr certificates) {
  input_ = {};
  if (!stream_.start_tls(std::move(certificates))) co_return false;
  const bool done = co_await finish_handshake();
  co_return done;
}

task<bool> connection::shake_hands(client_tls_ptr with, const server_identity& who) {
  input_ = {};
  if (!stream_.start_tls(std::move(with), who)) co_return false;
  const bool done = co_await finish_handshake();
  co_return done;
}

task<std::string> connection::dial(std::string address, uint16_t port, std::string source,
                                   std::chrono::milliseconds limit) {
  boost::system::error_code failed;
  dial_lacked_ = false;
  const auto to = boost::asio::ip::make_address(address, failed);
  if (failed) co_return address + " is no address";
  more_input_ = false;
  input_ = {};
  out_.clear();
  net::socket fresh(stream_.socket().get_executor());
  const boost::asio::ip::tcp::endpoint target(to, port);
  fresh.open(target.protocol(), failed);
  if (!failed && !source.empty()) {
    const auto from = boost::asio::ip::make_address(source, failed);
    if (!failed) fresh.bind(boost::asio::ip::tcp::endpoint(from, 0), failed);
  }
  if (failed) {
    dial_lacked_ = is_shortage(failed.value());
    co_return failed.message();
  }
  stream_.renew(std::move(fresh));
  if (::connect(stream_.socket().native_handle(), target.data(), socklen_t(target.size())) == 0)
    co_return std::string{};
  if (const int why = errno; why != EINPROGRESS) {
    // Without an IPv6 address of ours this is what a host that has no other answers: no shortage.
    dial_lacked_ = is_shortage(why) && !(why == EADDRNOTAVAIL && to.is_v6());
    co_return boost::system::error_code(why, boost::system::system_category()).message();
  }
  const auto until = clock().now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock().now());
    if (left.count() <= 0) co_return "no answer in time";
    const bool in_time = co_await wait_ready(stream::want_write, left);
    if (!in_time) co_return "no answer in time";
    if (draining_) co_return "stopped";
    int why = 0;
    socklen_t size = sizeof why;
    if (::getsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_ERROR, &why, &size) != 0) why = errno;
    if (why != 0) co_return boost::system::error_code(why, boost::system::system_category()).message();
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    if (::getpeername(stream_.socket().native_handle(), reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0)
      co_return std::string{};
    // Woken by something else: it is still on its way.
  }
}

task<bool> connection::finish_handshake() {
  const auto until = clock().now() + handshake_limit_;
  for (;;) {
    const int state = stream_.handshake();
    if (state == 1) {
      more_input_ = stream_.holds_input(); // what the client sent right behind its last word of the handshake
      co_return true;
    }
    if (state == stream::failed || state == stream::closed) co_return false;
    if (draining_) co_return false; // nothing can be said to a client in a handshake
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock().now());
    if (left.count() <= 0) co_return false;
    const bool in_time = co_await wait_ready(state, left);
    if (!in_time) co_return false;
  }
}

} // namespace stagepost::net
