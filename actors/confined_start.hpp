#pragma once

#include "actors/confined_program.hpp"

#include <array>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

// How a confined program is started: for confined_program.cpp alone.

namespace stagepost::confined {

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

void set_limits(start_order& order, const program_limits& limits);

/// A program that was started; no id: it was not, and the order says why.
struct child {
  pid_t id = -1;
  descriptor watch; ///< readable when it has ended
};

/// `network`: it keeps ours. When the order says afterwards that it failed, the child, if there is one, has
/// ended.
child start(start_order& order, bool network);

} // namespace stagepost::confined
