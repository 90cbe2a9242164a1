#include "actors/confined_start.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stagepost::confined {

namespace {

constexpr size_t stack_bytes = 64 * 1024;

__attribute__((no_sanitize("address", "undefined"))) void give_up(start_order& order, const char* at) {
  order.failed = errno;
  order.at = at;
  ::_exit(127);
}

/// By the system itself: the C library, or what a sanitizer puts before it, may keep a table of handlers, and
/// that would be ours.
__attribute__((no_sanitize("address", "undefined"))) void handle_signals_as_usual() {
  alignas(long) char usual[64]; // more than any system's sigaction; all zero is SIG_DFL
  std::memset(usual, 0, sizeof usual);
  for (int each = 1; each < NSIG; ++each)
    ::syscall(SYS_rt_sigaction, each, usual, nullptr, size_t(NSIG - 1) / 8); // some may not be set
}

/// Runs in the child, on our memory, while the thread that started it stands still. The C library's setuid
/// and its like would change all threads of ours.
__attribute__((no_sanitize("address", "undefined"))) int become_program(void* given) {
  auto& order = *static_cast<start_order*>(given);
  handle_signals_as_usual();
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
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); // what systemd gave us; old systems have none
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

} // namespace

void set_limits(start_order& order, const program_limits& limits) {
  add_limit(order, 0, RLIMIT_CORE, 0);
  if (limits.memory_bytes > 0) add_limit(order, 1, RLIMIT_AS, limits.memory_bytes);
  if (limits.cpu.count() > 0) add_limit(order, 2, RLIMIT_CPU, uint64_t(limits.cpu.count()));
  if (limits.file_size_bytes > 0) add_limit(order, 3, RLIMIT_FSIZE, limits.file_size_bytes);
  if (limits.open_files > 0) add_limit(order, 4, RLIMIT_NOFILE, limits.open_files);
  if (limits.processes > 0 && order.change_account) add_limit(order, 5, RLIMIT_NPROC, limits.processes);
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

} // namespace stagepost::confined
