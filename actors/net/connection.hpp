#pragma once

#include "actors/atoms.hpp"
#include "actors/net/clock.hpp"
#include "actors/net/executor.hpp"
#include "actors/net/stream.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <string>

namespace stagepost::net {

/// Ends a connection's coroutine: the peer is gone or does not read.
struct peer_gone : std::exception {
  const char* what() const noexcept override { return "peer gone"; }
};

/// Handler of messages nobody understands. Unlike caf::drop it answers without an error, which would end a
/// sender that is not a request's.
caf::result<caf::message> ignore(caf::scheduled_actor*, caf::message_view&);

/// Base of all connections: one actor, one coroutine (`serve`) that reads, feeds a pure session and performs
/// what it answers. Messages of other actors are handled between its steps, never during one. `atom::drain`
/// ends it in an orderly way.
class connection : public caf::event_based_actor {
public:
  connection(caf::actor_config& config, net::socket socket);

  void on_exit() override;
  const char* name() const override { return "connection"; }

protected:
  enum class wake : uint8_t { input, timeout, poked, drain };

  virtual task<> serve() = 0;
  /// An exception ended `serve`; not called when the peer just went away.
  virtual void on_failure(const std::exception& why) = 0;
  /// Handlers of the messages a protocol takes beside those of all connections.
  virtual caf::message_handler handlers() { return {}; }
  caf::behavior make_behavior() override;

  /// Waits for input for at most `idle`. `poked`: `poke` was called, there is something else to do.
  task<wake> wait_for_input(std::chrono::milliseconds idle);
  /// Wakes wait_for_input, or the next one.
  void poke();

  enum class got : uint8_t { some, nothing, closed };
  /// Reads what is there into `input`. Does not wait.
  got read_some();
  /// The octets read last; the buffer belongs to the thread and is used up before the next suspension.
  bytes_view input() const { return input_; }

  /// Queues for sending; flush sends. A flush is due before waiting for input, and nothing is queued during
  /// one.
  void say(bytes_view text) { out_ += text; }
  size_t unsent() const { return out_.size(); }
  task<> flush();
  /// TLS from here on; what was read before is gone. False when the handshake failed or the server stops.
  task<bool> shake_hands(tls_context_ptr certificates);
  /// The same as a client. False also when the server is not who it must be.
  task<bool> shake_hands(client_tls_ptr with, const server_identity& who);
  /// Connects to an IP address, from another if one is given, in the place of the line there was. Answers why
  /// not; empty: done.
  task<std::string> dial(std::string address, uint16_t port, std::string source,
                         std::chrono::milliseconds limit);

  net::stream stream_;
  bool draining_ = false;
  /// The time a peer has for taking what we send, and for a handshake.
  std::chrono::milliseconds write_limit_ = std::chrono::seconds(120);
  std::chrono::milliseconds handshake_limit_ = std::chrono::seconds(30);
  /// For a whole flush, however steadily the peer takes a little; zero: only progress counts.
  std::chrono::milliseconds flush_limit_{0};
  /// The last dial failed for want of something here: descriptors, ports, memory, the address to come from.
  bool dial_lacked_ = false;

private:
  task<> run();
  task<bool> finish_handshake();
  task<bool> wait_ready(int what, std::chrono::milliseconds limit);
  void arm(std::chrono::milliseconds limit);
  void schedule_tick();
  void on_tick();

  bytes_view input_;
  std::string out_;
  bool more_input_ = false; ///< TLS holds octets, maybe of a record that is not whole: read before waiting
  bool waiting_ = false;
  bool poked_ = false;
  bool timed_out_ = false;
  actor_clock::time_point deadline_;
  actor_clock::key tick_ = {actor_clock::time_point::max(), 0}; ///< the next one on its way
};

} // namespace stagepost::net
