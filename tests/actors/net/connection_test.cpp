#include "actors/net/connection.hpp"

#include "actors/net/tls.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/certificate.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

namespace stagepost::net {
namespace {

/// What happened to a connection, for the test to look at.
struct journal {
  std::atomic<size_t> most_unsent = 0;
  std::atomic<size_t> read = 0;
  std::atomic<bool> failed = false;
};

/// Echoes what it reads; says "time", "poked" and "drained" for what wakes it; ends at "quit", throws at
/// "throw".
class echo_connection : public connection {
public:
  echo_connection(caf::actor_config& config, net::socket socket, std::shared_ptr<journal> notes,
                  std::chrono::milliseconds idle)
      : connection(config, std::move(socket)), notes_(std::move(notes)), idle_(idle) {
    write_limit_ = std::chrono::milliseconds(200);
  }

protected:
  task<> serve() override {
    for (;;) {
      co_await flush();
      const auto woken = co_await wait_for_input(idle_);
      if (woken == wake::timeout) co_return end_with("time");
      if (woken == wake::drain) co_return end_with("drained");
      if (woken == wake::poked) {
        say("poked");
        continue;
      }
      const auto got = read_some();
      if (got == got::closed) co_return;
      if (got == got::nothing) continue;
      notes_->read += input().size();
      if (input() == "throw") throw std::runtime_error("thrown");
      if (input() == "quit") co_return;
      say(input());
      notes_->most_unsent = std::max<size_t>(notes_->most_unsent, unsent());
    }
  }
  void on_failure(const std::exception&) override { notes_->failed = true; }
  caf::message_handler handlers() override {
    return {[this](atom::flush) { poke(); }, [](atom::status) { return true; }};
  }

private:
  void end_with(bytes_view word) { // one small write that always fits
    char copy[16];
    const auto size = word.copy(copy, sizeof copy);
    stream_.write(copy, size);
  }

  std::shared_ptr<journal> notes_;
  std::chrono::milliseconds idle_;
};

class Connection : public testing::actor_fixture {
protected:
  ~Connection() override {
    if (peer_ >= 0) ::close(peer_);
  }
  caf::actor start(std::chrono::milliseconds idle = std::chrono::hours(1)) {
    int both[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
    peer_ = both[0];
    net::socket socket(scheduler::of(*system_).next_io(), boost::asio::generic::stream_protocol(AF_UNIX, 0),
                       both[1]);
    return system_->spawn<echo_connection>(std::move(socket), notes_, idle);
  }
  void send(const std::string& text) {
    ASSERT_EQ(::send(peer_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  /// Blocks; empty when the connection was closed.
  std::string receive() {
    char buffer[256];
    const auto count = ::recv(peer_, buffer, sizeof buffer, 0);
    return count > 0 ? std::string(buffer, size_t(count)) : std::string();
  }
  void await_end(const caf::actor& which) {
    caf::scoped_actor self(*system_);
    self->monitor(which);
    self->receive([](const caf::down_msg&) {});
  }

  std::shared_ptr<journal> notes_ = std::make_shared<journal>();
  int peer_ = -1;
};

TEST_F(Connection, AnswersAndEndsWithItsPeer) {
  const auto it = start();
  send("hello");
  EXPECT_EQ(receive(), "hello");
  ::close(peer_);
  peer_ = -1;
  await_end(it);
  EXPECT_FALSE(notes_->failed);
}

TEST_F(Connection, EndsByItselfAndClosesTheSocket) {
  const auto it = start();
  send("quit");
  EXPECT_EQ(receive(), "");
  await_end(it);
}

// Its memory would be kept as long as the longest time-out of the protocol.
TEST_F(Connection, LeavesNoWakeUpBehind) {
  const auto waiting = [this] { return scheduler::of(*system_).clock().waiting(); };
  const auto before = waiting();
  const auto it = start(std::chrono::hours(1));
  send("hello");
  EXPECT_EQ(receive(), "hello");
  EXPECT_EQ(waiting(), before + 1);
  send("quit");
  await_end(it);
  EXPECT_EQ(waiting(), before);
}

TEST_F(Connection, TellsATimeOutFromInput) {
  const auto it = start(std::chrono::milliseconds(1));
  EXPECT_EQ(receive(), "time");
  EXPECT_EQ(receive(), "");
  await_end(it);
}

TEST_F(Connection, WakesWhenPokedAndGoesOn) {
  const auto it = start();
  caf::anon_send(it, atom::flush::value);
  EXPECT_EQ(receive(), "poked");
  send("still here");
  EXPECT_EQ(receive(), "still here");
  caf::anon_send(it, atom::flush::value);
  EXPECT_EQ(receive(), "poked");
  send("quit");
  await_end(it);
}

TEST_F(Connection, EndsInAnOrderlyWayWhenDrained) {
  const auto it = start();
  send("a");
  EXPECT_EQ(receive(), "a");
  caf::anon_send(it, atom::drain::value);
  EXPECT_EQ(receive(), "drained");
  await_end(it);
}

TEST_F(Connection, AnswersOtherActorsWhileItWaitsForInput) {
  const auto it = start();
  EXPECT_TRUE(ask<bool>(it, atom::status::value));
  send("quit");
  await_end(it);
}

TEST_F(Connection, DoesNotReadOnWhileItsPeerDoesNotRead) {
  const auto it = start();
  ASSERT_EQ(::fcntl(peer_, F_SETFL, O_NONBLOCK), 0);
  const std::string block(64 * 1024, 'x');
  size_t sent = 0;
  while (true) { // until nothing more goes in: all buffers on the way are full
    const auto count = ::send(peer_, block.data(), block.size(), MSG_NOSIGNAL);
    if (count > 0) {
      sent += size_t(count);
      continue;
    }
    if (errno != EAGAIN) break; // ended: it gave its peer up
  }
  await_end(it); // the peer took nothing for the time it has
  EXPECT_LE(notes_->most_unsent, 128u * 1024u);
  EXPECT_LE(notes_->read, sent);
  EXPECT_FALSE(notes_->failed); // a peer that is gone is no failure of ours
}

/// Waits for a TLS handshake from its first octet on.
class tls_connection : public connection {
public:
  tls_connection(caf::actor_config& config, net::socket socket, tls_context_ptr certificates,
                 std::chrono::milliseconds limit)
      : connection(config, std::move(socket)), certificates_(std::move(certificates)) {
    handshake_limit_ = limit;
  }

protected:
  task<> serve() override {
    const bool safe = co_await shake_hands(certificates_);
    if (!safe) co_return;
  }
  void on_failure(const std::exception&) override {}
  caf::message_handler handlers() override {
    return {[](atom::status) { return true; }};
  }

private:
  tls_context_ptr certificates_;
};

TEST_F(Connection, ADrainDoesNotWaitForAHandshake) {
  testing::temporary_folder folder;
  testing::make_certificate(folder.path(), "mx");
  const auto certificates = std::make_shared<tls_context>(
      std::vector<certificate_files>{{{"mx"}, folder.path() + "/mx.pem", folder.path() + "/mx.key"}});
  int both[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
  peer_ = both[0];
  net::socket socket(scheduler::of(*system_).next_io(), boost::asio::generic::stream_protocol(AF_UNIX, 0),
                     both[1]);
  const auto it = system_->spawn<tls_connection>(std::move(socket), certificates, std::chrono::hours(1));
  EXPECT_TRUE(ask<bool>(it, atom::status::value));
  caf::anon_send(it, atom::drain::value);
  EXPECT_EQ(receive(), "");
  await_end(it);
}

TEST_F(Connection, AnExceptionEndsItAndIsReported) {
  const auto it = start();
  send("throw");
  EXPECT_EQ(receive(), "");
  await_end(it);
  EXPECT_TRUE(notes_->failed);
}

TEST_F(Connection, AKillClosesTheSocket) {
  const auto it = start();
  send("a");
  EXPECT_EQ(receive(), "a");
  caf::anon_send_exit(it, caf::exit_reason::kill);
  EXPECT_EQ(receive(), "");
}

} // namespace
} // namespace stagepost::net
