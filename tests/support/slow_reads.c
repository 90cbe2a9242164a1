/* Preloaded into the daemon: every read of a regular file below SLOW_READS_FOLDER takes SLOW_READS_MS milliseconds
 * longer, as long as the file SLOW_READS_SWITCH exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_slow(int file) {
  const char* folder = getenv("SLOW_READS_FOLDER");
  const char* on = getenv("SLOW_READS_SWITCH");
  struct stat what;
  char link[64], path[PATH_MAX];
  ssize_t size;
  if (!folder || !on || access(on, F_OK) != 0) return 0;
  if (fstat(file, &what) != 0 || !S_ISREG(what.st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static void wait_for(int file) {
  if (is_slow(file)) {
    const char* text = getenv("SLOW_READS_MS");
    const long milliseconds = text ? atol(text) : 50;
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
  }
}

#define SLOW(NAME, PARAMETERS, ARGUMENTS)                                                                              \
  ssize_t NAME PARAMETERS {                                                                                            \
    static ssize_t(*real) PARAMETERS;                                                                                  \
    if (!real) *(void**)&real = dlsym(RTLD_NEXT, #NAME);                                                               \
    wait_for(file);                                                                                                    \
    return real ARGUMENTS;                                                                                             \
  }

SLOW(read, (int file, void* into, size_t size), (file, into, size))
SLOW(pread, (int file, void* into, size_t size, off_t at), (file, into, size, at))
SLOW(pread64, (int file, void* into, size_t size, off64_t at), (file, into, size, at))
SLOW(preadv, (int file, const struct iovec* into, int count, off_t at), (file, into, count, at))
