#include "actors/confined_program.hpp"

#include "actors/confined_start.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace stagepost {

namespace {

using confined::child;
using confined::descriptor;
using failed = failure<program_errc>;

constexpr size_t errors_kept = 1000;

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  std::string_view folders = program_path;
  while (!folders.empty()) {
    const auto end = std::min(folders.find(':'), folders.size());
    auto path = std::string(folders.substr(0, end)) + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return std::nullopt;
}

/// Octets as a file without a name: a program may seek in it, and one that does not read cannot block us.
descriptor input_of(const std::string& octets) {
  if (octets.empty()) return descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  descriptor file(::memfd_create("input", MFD_CLOEXEC));
  for (size_t at = 0; file && at < octets.size();) {
    const auto written = ::write(file.get(), octets.data() + at, octets.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return descriptor();
    at += size_t(written);
  }
  if (file && ::lseek(file.get(), 0, SEEK_SET) != 0) return descriptor();
  return file;
}

bool make_pipe(descriptor& reading, descriptor& writing) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  reading = descriptor(ends[0]);
  writing = descriptor(ends[1]);
  writing.move_up();
  return writing && ::fcntl(reading.get(), F_SETFL, O_NONBLOCK) == 0;
}

/// Kills those of a session that made a group of their own, as timeout(1) does. False: there were none.
bool kill_other_groups(pid_t session) {
  DIR* all = ::opendir("/proc");
  if (all == nullptr) return false;
  bool found = false;
  while (const auto* entry = ::readdir(all)) {
    const auto id = pid_t(std::strtol(entry->d_name, nullptr, 10));
    if (id <= 0 || id == session || ::getsid(id) != session) continue;
    const descriptor process(int(::syscall(SYS_pidfd_open, id, 0)));
    // Not one that got the number since.
    if (!process || ::getsid(id) != session) continue;
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0) found = true;
  }
  ::closedir(all);
  return found;
}

/// The ended process is still there when its session is killed: its number cannot be another's.
int end_session(pid_t id) {
  ::kill(-id, SIGKILL);
  // One may just have started another. Who is killed can be seen until somebody asks how it ended.
  for (int round = 0; round < 3 && kill_other_groups(id); ++round) {
  }
  siginfo_t how{};
  while (::waitid(P_PID, id_t(id), &how, WEXITED) != 0 && errno == EINTR) {
  }
  return how.si_code == CLD_EXITED ? how.si_status : -how.si_status;
}

enum class pipe_state : uint8_t { open, ended, full };

/// Takes what is there now. Beyond the limit it is read and dropped.
pipe_state drain(int from, std::string& to, size_t limit) {
  std::array<char, 16384> piece;
  // Bounded, so that a program that writes faster than we read does not keep us from its end.
  for (int round = 0; round < 64; ++round) {
    const auto got = ::read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? pipe_state::open : pipe_state::ended;
    if (got == 0) return pipe_state::ended;
    const auto room = std::min(limit - to.size(), size_t(got));
    to.append(piece.data(), room);
    if (room < size_t(got)) return pipe_state::full;
  }
  return pipe_state::open;
}

/// Until the program has ended, or must.
program_result watch(const child& running, const descriptor& output, const descriptor& errors,
                     const confined_program& order) {
  const auto& limits = order.limits;
  using ending = program_result::ending;
  program_result result;
  const auto until = std::chrono::steady_clock::now() + limits.time;
  std::array<pollfd, 3> seen{
      {{running.watch.get(), POLLIN, 0}, {output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
  bool ended = false;
  while (!ended && result.how == ending::exited) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      result.how = ending::timed_out;
      break;
    }
    if (order.stop != nullptr && order.stop->load()) {
      result.how = ending::stopped;
      break;
    }
    const auto wait = std::min<int64_t>(left.count(), order.stop != nullptr ? 100 : 60'000);
    if (::poll(seen.data(), seen.size(), int(wait)) <= 0) continue;
    ended = seen[0].revents != 0;
    if (seen[1].revents != 0) {
      const auto state = drain(output.get(), result.output, limits.output_bytes);
      if (state == pipe_state::full) result.how = ending::too_much_output;
      if (state == pipe_state::ended) seen[1].fd = -1;
    }
    if (seen[2].revents != 0 &&
        drain(errors.get(), result.beginning_of_errors, errors_kept) == pipe_state::ended)
      seen[2].fd = -1;
  }
  const int status = end_session(running.id);
  // What it wrote last; a pipe holds less than one drain takes.
  if (seen[1].fd >= 0 && result.how == ending::exited &&
      drain(output.get(), result.output, limits.output_bytes) == pipe_state::full)
    result.how = ending::too_much_output;
  if (seen[2].fd >= 0) drain(errors.get(), result.beginning_of_errors, errors_kept);
  if (result.how != ending::exited) return result;
  if (status < 0) result.how = ending::signalled;
  result.code = std::abs(status);
  return result;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> found;
  for (const auto& each : texts) found.push_back(const_cast<char*>(each.c_str()));
  found.push_back(nullptr);
  return found;
}

} // namespace

std::string_view to_string(program_errc code) {
  switch (code) {
  case program_errc::bad_order: return "these are no arguments of a program";
  case program_errc::not_found: return "there is no such program";
  case program_errc::not_started: return "the program could not be started";
  }
  return "";
}

std::string describe(const program_result& result) {
  switch (result.how) {
  case program_result::ending::exited: return "exit status " + std::to_string(result.code);
  case program_result::ending::signalled: return "ended by signal " + std::to_string(result.code);
  case program_result::ending::timed_out: return "it took too long";
  case program_result::ending::stopped: return "it was ended";
  case program_result::ending::too_much_output: return "it wrote too much";
  }
  return {};
}

std::optional<program_account> find_account(const std::string& name) {
  std::array<char, 16384> room;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return program_account{found->pw_uid, found->pw_gid};
}

basic_result<program_result, program_errc> run_confined(const confined_program& what) {
  if (what.arguments.empty() || what.arguments.front().empty()) return program_errc::bad_order;
  for (const auto& each : what.arguments)
    if (each.find('\0') != std::string::npos) return program_errc::bad_order;
  const auto path = find_program(what.arguments.front());
  if (!path) return failed{program_errc::not_found, what.arguments.front()};

  descriptor input = what.input_descriptor >= 0
                         ? descriptor(::fcntl(what.input_descriptor, F_DUPFD_CLOEXEC, 3))
                         : input_of(what.input);
  input.move_up();
  descriptor output, output_end, errors, errors_end;
  if (!input || !make_pipe(output, output_end) || !make_pipe(errors, errors_end))
    return failed{program_errc::not_started, std::strerror(errno)};

  const std::vector<std::string> surroundings{std::string("PATH=") + program_path, "LANG=C.UTF-8",
                                              "HOME=/nonexistent"};
  const auto arguments = pointers_to(what.arguments);
  const auto environment = pointers_to(surroundings);
  confined::start_order order;
  order.path = path->c_str();
  order.arguments = arguments.data();
  order.environment = environment.data();
  order.folder = what.folder.c_str();
  order.input = input.get();
  order.output = output_end.get();
  order.errors = errors_end.get();
  order.parent = ::getpid();
  order.change_account = what.account && ::geteuid() == 0;
  if (order.change_account) {
    order.user = what.account->user;
    order.group = what.account->group;
  }
  confined::set_limits(order, what.limits);

  const auto running = confined::start(order, what.network);
  output_end.close();
  errors_end.close();
  input.close();
  if (order.failed != 0) {
    if (running.id > 0) end_session(running.id);
    const auto code = order.failed == ENOENT || order.failed == EACCES || order.failed == ENOEXEC
                          ? program_errc::not_found
                          : program_errc::not_started;
    return failed{code, std::string(order.at) + ": " + std::strerror(order.failed)};
  }
  return watch(running, output, errors, what);
}

} // namespace stagepost
