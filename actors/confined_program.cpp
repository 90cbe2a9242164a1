#include "actors/confined_program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <memory>
#include <mutex>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace stagepost {

namespace {

using failed = failure<program_errc>;

constexpr size_t stack_bytes = 64 * 1024;
constexpr size_t errors_kept = 1000;

/// A descriptor that is closed.
class descriptor {
public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& from) noexcept : number_(std::exchange(from.number_, -1)) {}
  descriptor& operator=(descriptor&& from) noexcept {
    std::swap(number_, from.number_);
    return *this;
  }
  ~descriptor() { close(); }

  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  /// Not one of the three that the child's own go to.
  void move_up() {
    if (number_ < 0 || number_ > 2) return;
    *this = descriptor(::fcntl(number_, F_DUPFD_CLOEXEC, 3));
  }

private:
  int number_;
};

struct one_limit {
  int which = -1;
  rlimit value = {};
};

/// All that the child touches before it is another program; made before it is, for it may not allocate.
struct start_order {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* folder = nullptr;
  int input = -1, output = -1, errors = -1;
  pid_t parent = 0;
  bool change_account = false;
  uid_t user = 0;
  gid_t group = 0;
  std::array<one_limit, 6> limits = {};
  int failed = 0; ///< errno, seen by us since memory is shared until it is another program
  const char* at = "";
};

__attribute__((no_sanitize("address", "undefined"))) void give_up(start_order& order, const char* at) {
  order.failed = errno;
  order.at = at;
  ::_exit(127);
}

/// Runs in the child, on our memory, while the thread that started it stands still. The C library's setuid
/// and its like would change all threads of ours.
__attribute__((no_sanitize("address", "undefined"))) int become_program(void* given) {
  auto& order = *static_cast<start_order*>(given);
  struct sigaction usual;
  std::memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int each = 1; each < NSIG; ++each) ::sigaction(each, &usual, nullptr); // some may not be set
  if (::setsid() < 0) give_up(order, "setsid");
  if (::dup2(order.input, 0) < 0 || ::dup2(order.output, 1) < 0 || ::dup2(order.errors, 2) < 0)
    give_up(order, "dup2");
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) give_up(order, "close_range");
  for (size_t i = 0; i < order.limits.size(); ++i)
    if (order.limits[i].which >= 0 &&
        ::syscall(SYS_prlimit64, 0, order.limits[i].which, &order.limits[i].value, nullptr) != 0)
      give_up(order, "setrlimit");
  if (::chdir(order.folder) != 0) give_up(order, "chdir");
  if (order.change_account) {
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) give_up(order, "setgroups");
    if (::syscall(SYS_setresgid, order.group, order.group, order.group) != 0) give_up(order, "setgid");
    if (::syscall(SYS_setresuid, order.user, order.user, order.user) != 0) give_up(order, "setuid");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(order, "no_new_privs");
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(order, "pdeathsig");
  if (::getppid() != order.parent) ::_exit(127); // it went before it could take us along
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(order.path, order.arguments, order.environment);
  give_up(order, "execve");
  return 127;
}

/// A soft limit alone could be raised again. What the account's own limit is below stays so.
void add_limit(start_order& order, size_t at, int which, uint64_t value) {
  rlimit now{};
  if (::getrlimit(which, &now) != 0) return;
  const auto wanted = std::min<rlim_t>(value, now.rlim_max);
  order.limits[at] = {which, {wanted, wanted}};
}

void set_limits(start_order& order, const program_limits& limits) {
  add_limit(order, 0, RLIMIT_CORE, 0);
  if (limits.memory_bytes > 0) add_limit(order, 1, RLIMIT_AS, limits.memory_bytes);
  if (limits.cpu.count() > 0) add_limit(order, 2, RLIMIT_CPU, uint64_t(limits.cpu.count()));
  if (limits.file_size_bytes > 0) add_limit(order, 3, RLIMIT_FSIZE, limits.file_size_bytes);
  if (limits.open_files > 0) add_limit(order, 4, RLIMIT_NOFILE, limits.open_files);
  if (limits.processes > 0 && order.change_account) add_limit(order, 5, RLIMIT_NPROC, limits.processes);
}

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

struct child {
  pid_t id = -1;
  descriptor watch; ///< readable when it has ended
};

/// Memory is shared until the child is the program (as vfork does it): a fork of a server with a large cache
/// would stop all its threads for the time it takes to copy the page tables.
child clone_child(start_order& order, int more_flags) {
  const auto stack = std::make_unique<std::byte[]>(stack_bytes);
  int watch = -1;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // no handler of ours may run in it
  const pid_t id = ::clone(become_program, stack.get() + stack_bytes,
                           CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | more_flags, &order, &watch);
  const int why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return {id, descriptor(id < 0 ? -1 : watch)};
}

child start(start_order& order, bool network) {
  // A child that has changed its account makes the shared memory one that cannot be looked into, which keeps
  // that account's other processes from it; it stays so until the child is a program, hence one at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  child started;
  if (!network) started = clone_child(order, ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET);
  if (started.id < 0) {
    order.failed = 0;
    started = clone_child(order, 0);
    if (started.id < 0) {
      order.failed = errno;
      order.at = "clone";
    }
  }
  if (order.change_account && dumpable == 1) ::prctl(PR_SET_DUMPABLE, 1);
  return started;
}

/// The ended process is still there when its session is killed: its number cannot be another's.
int end_session(pid_t id) {
  ::kill(-id, SIGKILL);
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
                     const program_limits& limits) {
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
    const auto wait = std::min<int64_t>(left.count(), 60'000);
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
  start_order order;
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
  set_limits(order, what.limits);

  const auto running = start(order, what.network);
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
  return watch(running, output, errors, what.limits);
}

} // namespace stagepost
