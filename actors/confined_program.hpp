#pragma once

#include "protocols/base/result.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost {

/// Why a program did not run at all.
enum class program_errc : uint8_t {
  bad_order = 1, ///< no arguments, or a NUL in one
  not_found,     ///< no such program, or none that may be run
  not_started,   ///< the system did not give what it takes; the detail says what
};
std::string_view to_string(program_errc code);

/// What a program may use. Zero: not limited.
struct program_limits {
  std::chrono::milliseconds time = std::chrono::seconds(10);
  uint64_t output_bytes = 1 << 20; ///< always a limit
  uint64_t memory_bytes = 0;       ///< of addresses, each process
  std::chrono::seconds cpu{0};
  uint64_t file_size_bytes = 0;
  uint32_t open_files = 256;
  /// All that the account runs count, so it is obeyed only where the account is not our own.
  uint32_t processes = 0;
};

struct program_account {
  uint32_t user = 0;
  uint32_t group = 0;
};
/// An account of this machine; nothing when there is none of that name. Reads files.
std::optional<program_account> find_account(const std::string& name);

/// As what a program is looked for that is named without a folder, and what it gets as PATH.
inline constexpr const char* program_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that is not trusted: it may be fooled by what it reads.
struct confined_program {
  std::vector<std::string> arguments;          ///< the first is the program; no shell reads them
  std::string input;                           ///< on its standard input, which it may also seek in
  int input_descriptor = -1;                   ///< instead of `input`; stays the caller's
  std::string folder = "/";                    ///< where it runs
  std::optional<program_account> account = {}; ///< whom it runs as; obeyed when we are the superuser
  /// Says that it is to be ended before its time; looked at ten times a second.
  const std::atomic<bool>* stop = nullptr;
  bool network = false; ///< false: it has none, where the system lets us take it away
  program_limits limits = {};
};

struct program_result {
  enum class ending : uint8_t { exited, signalled, timed_out, too_much_output, stopped };
  ending how = ending::exited;
  int code = 0;                    ///< exit status, or the number of the signal
  std::string output;              ///< up to the limit
  std::string beginning_of_errors; ///< of what it wrote to standard error

  bool succeeded() const { return how == ending::exited && code == 0; }
};
/// "exit status 1", for traces and logs.
std::string describe(const program_result& result);

/// Runs a program to its end, or to that of its time: then it and all it started in its session is killed.
/// Whatever it leaves running when it ends is killed, too. It has no descriptors but the three, no way to
/// more rights (no_new_privs), an environment of ours, and ends when the calling thread does. Blocks: for
/// threads of offload pools and tests.
[[nodiscard]] basic_result<program_result, program_errc> run_confined(const confined_program& what);

} // namespace stagepost
