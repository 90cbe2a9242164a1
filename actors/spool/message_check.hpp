#pragma once

#include "actors/body_writer.hpp"
#include "actors/open_answer.hpp"
#include "actors/spool/check_folder.hpp"
#include "actors/spool/interface.hpp"
#include "conf/settings.hpp"
#include "storage/store.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace stagepost::spool {

/// How often the program may come to no end of its own before the message goes on without it.
inline constexpr uint32_t most_tries = 3;

/// A message on its way through the command-line program.
struct message_check {
  enum class stage : uint8_t {
    gone,       ///< it left the spool, or needs no check any more
    not_now,    ///< the message cannot be read, or no file of it made: no fault of the program's
    unfinished, ///< the program did not come to an end of its own
    held,       ///< it did, and the delay is not over
    looked,     ///< what is found holds
  };
  message_check(const check_message& order, open_answer<message_checked> to) : what(order), answer(to) {}

  check_message what;
  /// Not here while it is in the pool: a thread that goes on when we have ended has none to give.
  std::optional<open_answer<message_checked>> answer;
  uint32_t tries = 0; ///< of the program, that came to no end of its own

  // Said by the last piece of work in the pool.
  stage at = stage::not_now;
  std::chrono::milliseconds left{0}; ///< of the delay
  queued_message message;
  file_look found;
  failure<storage::errc> problem{storage::errc::io_error, {}}; ///< why not now
  std::string ran;    ///< how the program ended, or why it was not run
  std::string errors; ///< the beginning of what it said of that

  std::optional<body_writer> body; ///< of a message that was changed
  size_t written = 0;              ///< octets given to it
};
using message_check_ptr = std::shared_ptr<message_check>;

/// What the work in the pool needs: a copy, for the actor goes on meanwhile.
struct check_order {
  std::shared_ptr<storage::store> store;
  std::shared_ptr<const check_folder> files;
  std::shared_ptr<std::atomic<bool>> stopping;
  conf::spool_settings settings;
  uint64_t reserve_bytes = 0; ///< of the disk that no file is put into
};

/// Puts the message into a file and runs the program on it. Blocks for as long as the program runs.
void run_program(message_check& one, const check_order& with);
/// Sees, when the delay is over, what has become of the file. Blocks.
void look_again(message_check& one, const check_order& with);

/// What becomes of a recipient when the program has seen the message; nothing when he waits for nothing.
std::optional<storage::spool_recipient> let_pass(storage::spool_recipient who);

/// Whether the settings say that messages that come in are shown to the program.
bool runs_command_line(const conf::spool_settings& settings);
/// Whether anybody waits for it among the message's recipients.
bool waits_for_program(const queued_message& what);

} // namespace stagepost::spool
