#include "actors/confined_program.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace stagepost {
namespace {

using ending = program_result::ending;

confined_program shell(const std::string& commands) {
  confined_program what;
  what.arguments = {"/bin/sh", "-c", commands};
  return what;
}

program_result run(const confined_program& what) {
  auto ran = run_confined(what);
  EXPECT_TRUE(ran.ok()) << (ran.ok() ? "" : ran.error().detail);
  return ran.ok() ? *ran : program_result{};
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// Those of all threads, zombies too; other tests of this program may have some of their own.
std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t each; list >> each;) all.push_back(each);
  }
  return all;
}

TEST(ConfinedProgram, TellsWhatItWroteAndHowItEnded) {
  const auto good = run(shell("echo found; echo careful >&2"));
  EXPECT_TRUE(good.succeeded());
  EXPECT_EQ(good.output, "found\n");
  EXPECT_EQ(good.beginning_of_errors, "careful\n");

  const auto bad = run(shell("exit 3"));
  EXPECT_EQ(bad.how, ending::exited);
  EXPECT_EQ(bad.code, 3);
  EXPECT_EQ(describe(bad), "exit status 3");

  const auto killed = run(shell("kill -9 $$"));
  EXPECT_EQ(killed.how, ending::signalled);
  EXPECT_EQ(killed.code, SIGKILL);
}

TEST(ConfinedProgram, GetsItsArgumentsUnread) {
  auto what = shell("printf '%s|' \"$@\"");
  for (const char* each : {"sh", "a b", "$HOME", "*", ""}) what.arguments.emplace_back(each);
  EXPECT_EQ(run(what).output, "a b|$HOME|*||");
}

TEST(ConfinedProgram, ReadsWhatItIsGiven) {
  auto octets = shell("cat");
  octets.input = std::string(300'000, 'x') + "end";
  EXPECT_EQ(run(octets).output, octets.input);

  auto not_read = shell("echo no");
  not_read.input = std::string(300'000, 'x');
  EXPECT_EQ(run(not_read).output, "no\n");

  const testing::temporary_folder folder;
  std::ofstream(folder.path() + "/text") << "from a file";
  auto file = shell("cat");
  file.input_descriptor = ::open((folder.path() + "/text").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file.input_descriptor, 0);
  EXPECT_EQ(run(file).output, "from a file");
  ::close(file.input_descriptor);

  EXPECT_EQ(run(shell("cat; echo end")).output, "end\n");
}

/// What a program started becomes our child when the program is gone. A group is named as its first process.
class orphans_come_to_us {
public:
  orphans_come_to_us() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~orphans_come_to_us() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

void expect_killed(int count, pid_t group) {
  int status = 0;
  for (; ::waitpid(-group, &status, 0) > 0; --count)
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(count, 0);
}

TEST(ConfinedProgram, IsKilledWhenItsTimeIsOver) {
  auto what = shell("sleep 1000; :");
  what.limits.time = std::chrono::milliseconds(300);
  EXPECT_EQ(run(what).how, ending::timed_out);
}

TEST(ConfinedProgram, IsKilledWithAllItStarted) {
  const orphans_come_to_us ours;
  // Both run when it writes.
  auto what = shell("sleep 1000 & sleep 1000 & echo $$; while :; do echo more; done");
  what.limits.output_bytes = 1000;
  const auto result = run(what);
  EXPECT_EQ(result.how, ending::too_much_output);
  expect_killed(2, std::stoi(result.output));
}

TEST(ConfinedProgram, IsKilledWithGroupsThatItMade) {
  const orphans_come_to_us ours;
  // timeout(1) makes a group of itself and what it runs.
  auto what = shell("timeout 1000 sh -c 'echo $PPID; while :; do echo more; done'; :");
  what.limits.output_bytes = 1000;
  const auto result = run(what);
  EXPECT_EQ(result.how, ending::too_much_output);
  const pid_t group = std::stoi(result.output);
  int status = 0, killed = 0; // timeout itself, and the other unless timeout still heard of its end
  for (; ::waitpid(-group, &status, 0) > 0; ++killed)
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_GE(killed, 1);
  EXPECT_EQ(::kill(-group, 0), -1);
}

TEST(ConfinedProgram, LeavesNothingRunningWhenItEnds) {
  const orphans_come_to_us ours;
  const auto result = run(shell("echo $$; sleep 1000 &"));
  EXPECT_TRUE(result.succeeded());
  expect_killed(1, std::stoi(result.output));
}

TEST(ConfinedProgram, EndsWhenItIsTold) {
  const std::atomic<bool> stop = true;
  auto what = shell("sleep 1000");
  what.stop = &stop;
  EXPECT_EQ(run(what).how, ending::stopped);
}

TEST(ConfinedProgram, MayNotWriteMoreThanItsLimit) {
  auto what = shell("while :; do echo 0123456789; done");
  what.limits.output_bytes = 1000;
  const auto result = run(what);
  EXPECT_EQ(result.how, ending::too_much_output);
  EXPECT_EQ(result.output.size(), 1000u);

  // Of errors the beginning is kept, and the rest is no reason to end it.
  const auto loud = run(shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done"));
  EXPECT_TRUE(loud.succeeded());
  EXPECT_LE(loud.beginning_of_errors.size(), 1000u);
}

TEST(ConfinedProgram, KeepsToItsLimits) {
  auto what = shell("ulimit -c; ulimit -f; ulimit -n; ulimit -v; ulimit -t");
  what.limits.file_size_bytes = 1024 * 1024;
  what.limits.open_files = 20;
  what.limits.memory_bytes = 512 * 1024 * 1024;
  what.limits.cpu = std::chrono::seconds(7);
  EXPECT_EQ(run(what).output, "0\n2048\n20\n524288\n7\n");
}

/// As systemd gives us the right to listen on low ports: whatever we start would have it, too. False: we may
/// not.
bool raise_ambient_right() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct rights[2];
  if (::syscall(SYS_capget, &header, rights) != 0) return false;
  rights[0].inheritable |= 1U << CAP_NET_BIND_SERVICE;
  return ::syscall(SYS_capset, &header, rights) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

TEST(ConfinedProgram, HasNoAmbientRights) {
  std::string seen;
  bool raised = false;
  std::thread([&] { // rights are a thread's
    raised = raise_ambient_right();
    seen = run(shell("grep ^CapAmb /proc/self/status")).output;
  })
      .join();
  if (!raised) GTEST_SKIP() << "no right to give";
  EXPECT_EQ(seen, "CapAmb:\t0000000000000000\n");
}

TEST(ConfinedProgram, HasNothingOfOurs) {
  const int open = ::open("/dev/null", O_RDONLY); // no O_CLOEXEC: a library's
  ::setenv("SECRET_OF_OURS", "1", 1);
  const auto seen = run(shell("test -e /proc/$$/fd/" + std::to_string(open) +
                              " && echo inherited; env | grep -c SECRET; pwd; "
                              "grep -E '^(NoNewPrivs|SigBlk|SigIgn)' /proc/self/status"));
  ::unsetenv("SECRET_OF_OURS");
  ::close(open);
  EXPECT_EQ(seen.output, "0\n/\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST(ConfinedProgram, IsAnotherAccountWhenWeAreTheSuperuser) {
  if (::geteuid() != 0) GTEST_SKIP() << "not the superuser";
  const auto nobody = find_account("nobody");
  ASSERT_TRUE(nobody);
  auto what = shell("id -u; id -G");
  what.account = nobody;
  what.network = true;
  const auto number = std::to_string(nobody->user) + "\n" + std::to_string(nobody->group) + "\n";
  EXPECT_EQ(run(what).output, number);
  EXPECT_FALSE(find_account("nobody-of-this-name"));
}

TEST(ConfinedProgram, RunsManyAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([thread] {
      for (int i = 0; i < 20; ++i) {
        const auto words = std::to_string(thread) + " " + std::to_string(i);
        auto what = shell("cat; exit " + std::to_string(i));
        what.input = words;
        const auto result = run(what);
        EXPECT_EQ(result.output, words);
        EXPECT_EQ(result.code, i);
      }
    });
  for (auto& each : threads) each.join();
}

TEST(ConfinedProgram, SaysWhyItDidNotRun) {
  confined_program what;
  EXPECT_EQ(run_confined(what).error().code, program_errc::bad_order);
  what.arguments = {"/bin/sh", std::string("a\0b", 3)};
  EXPECT_EQ(run_confined(what).error().code, program_errc::bad_order);
  what.arguments = {"/nonexistent/program"};
  EXPECT_EQ(run_confined(what).error().code, program_errc::not_found);

  const testing::temporary_folder folder;
  const auto broken = folder.path() + "/broken";
  std::ofstream(broken) << "\x7f"
                           "ELF no more";
  std::filesystem::permissions(broken, std::filesystem::perms::owner_all);
  what.arguments = {broken};
  EXPECT_EQ(run_confined(what).error().code, program_errc::not_found);
  for (int code = 1; code <= int(program_errc::not_started); ++code)
    EXPECT_FALSE(to_string(program_errc(code)).empty());
}

TEST(ConfinedProgram, LeavesNoDescriptorAndNoChildBehind) {
  const auto before = open_descriptors();
  const auto children_before = children();
  for (int i = 0; i < 20; ++i) {
    run(shell("echo one"));
    confined_program missing;
    missing.arguments = {"/nonexistent/program"};
    EXPECT_FALSE(run_confined(missing).ok());
    auto late = shell("sleep 1000");
    late.limits.time = std::chrono::milliseconds(1);
    EXPECT_EQ(run(late).how, ending::timed_out);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(children(), children_before);
}

} // namespace
} // namespace stagepost
