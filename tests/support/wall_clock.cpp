// A wall clock that a test shifts, put in front of libc's (LD_PRELOAD). The steady clock and all that sleeps
// or waits stay true: only those who ask what time it is are told another. The shift, whole seconds as eight
// octets in the machine's order, is at the beginning of the file that STAGEPOST_WALL_CLOCK names.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using shift_cell = std::atomic<int64_t>;
static_assert(sizeof(shift_cell) == 8 && shift_cell::is_always_lock_free, "as the test writes it");

const shift_cell* map_shift() {
  const char* path = std::getenv("STAGEPOST_WALL_CLOCK");
  if (!path) return nullptr;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* at = mmap(nullptr, sizeof(shift_cell), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return at == MAP_FAILED ? nullptr : static_cast<const shift_cell*>(at);
}

int64_t shift() {
  static const shift_cell* const cell = map_shift();
  return cell ? cell->load() : 0;
}

int true_time(clockid_t clock, timespec* out) { return int(syscall(SYS_clock_gettime, clock, out)); }

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const int failed = true_time(clock, out);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += shift();
  return failed;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
}
