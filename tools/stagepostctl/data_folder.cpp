#include "tools/stagepostctl/data_folder.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <pwd.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stagepost::ctl {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

} // namespace

data_folder::data_folder(const conf::node_settings& node) : path_(node.data_folder) {
  std::error_code failed;
  fs::create_directories(fs::path(path_).parent_path(), failed);
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) fail("making the data folder " + path_);
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) fail("opening the data folder " + path_);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = std::strerror(errno);
    ::close(descriptor_);
    throw std::runtime_error(held ? "a server is running on " + path_ + "; stop it first"
                                  : "locking the data folder " + path_ + ": " + why);
  }
  struct stat info {};
  ::fstat(descriptor_, &info);
  user_ = info.st_uid;
  group_ = info.st_gid;
  // A folder that is still the superuser's is given to run_as_user at the first start; what is in it is not.
  if (user_ == 0 && !node.run_as_user.empty())
    if (const auto* who = ::getpwnam(node.run_as_user.c_str())) {
      user_ = who->pw_uid;
      group_ = who->pw_gid;
    }
}

data_folder::~data_folder() { ::close(descriptor_); }

void data_folder::give_to_owner(const std::string& folder) const {
  if (::geteuid() != 0) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (::lchown(entry.path().c_str(), user_, group_) != 0)
      fail("giving " + entry.path().string() + " to its owner");
  if (::lchown(folder.c_str(), user_, group_) != 0) fail("giving " + folder + " to its owner");
}

} // namespace stagepost::ctl
