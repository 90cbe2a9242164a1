#include "tools/stagepostd/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <stdexcept>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <thread>
#include <unistd.h>

namespace stagepost::daemon {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// Only the named capability, or none.
void keep_capability(bool bind_low_ports) {
  cap_t wanted = cap_init();
  const cap_value_t bind = CAP_NET_BIND_SERVICE;
  if (bind_low_ports) {
    cap_set_flag(wanted, CAP_PERMITTED, 1, &bind, CAP_SET);
    cap_set_flag(wanted, CAP_EFFECTIVE, 1, &bind, CAP_SET);
  }
  const int result = cap_set_proc(wanted);
  cap_free(wanted);
  if (result != 0) fail("dropping capabilities");
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, each);
  return set;
}

} // namespace

// By itself glibc makes eight heaps a processor, one for nearly each of our threads, and what one thread has
// taken and another gives back stays in the heap of the first: with a million messages going through the
// queue 780 MB instead of 450 MB.
//
// Left alone it also raises what it takes from the system in one piece with each large one that is given
// back, until RocksDB's memtables stay in the heaps and leave holes there: 60 MB more for ten gigabytes that
// are imported.
void bound_heaps() {
  constexpr unsigned least = 2;
  ::mallopt(M_ARENA_MAX, int(std::max(least, std::thread::hardware_concurrency())));
  constexpr int own_piece_bytes = 512 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, own_piece_bytes);
}

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("reading the limit of open files");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("raising the limit of open files");
  return limit.rlim_cur;
}

void become_user(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return;
  errno = 0;
  const auto* who = ::getpwnam(user.c_str());
  if (who == nullptr) throw std::runtime_error("run_as_user: there is no user " + user);
  if (who->pw_uid == 0) return;
  if (::prctl(PR_SET_KEEPCAPS, 1) != 0) fail("keeping capabilities");
  if (::initgroups(user.c_str(), who->pw_gid) != 0 ||
      ::setresgid(who->pw_gid, who->pw_gid, who->pw_gid) != 0 ||
      ::setresuid(who->pw_uid, who->pw_uid, who->pw_uid) != 0)
    fail("becoming user " + user);
  keep_capability(true);
  ::prctl(PR_SET_KEEPCAPS, 0);
  ::prctl(PR_SET_DUMPABLE, 1); // a crash of a changed user leaves a core only with this
}

void prepare_data_folder(const std::string& folder, const std::string& user) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("making the data folder " + folder);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail("opening the data folder " + folder);
  struct stat info {};
  if (::fstat(descriptor, &info) == 0 && (info.st_mode & 0077) != 0) ::fchmod(descriptor, 0700);
  if (!user.empty() && ::geteuid() == 0) {
    const auto* who = ::getpwnam(user.c_str());
    if (who != nullptr && info.st_uid == 0 && who->pw_uid != 0)
      if (::fchown(descriptor, who->pw_uid, who->pw_gid) != 0) fail("giving the data folder to " + user);
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    throw std::runtime_error("the data folder " + folder + " is in use by another server");
}

void hold_signals() {
  const auto set = our_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN); // SSL_write on a closed connection would end the process
  ::signal(SIGCHLD, SIG_DFL); // ignored by whoever started us, nobody could tell how a program ended
}

int wait_for_signal(int seconds) {
  const auto set = our_signals();
  const timespec limit{seconds, 0};
  const int came = ::sigtimedwait(&set, nullptr, &limit);
  return came > 0 ? came : 0;
}

void notify(const char* state) { ::sd_notify(0, state); }

} // namespace stagepost::daemon
