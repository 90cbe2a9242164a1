#include "tools/stagepostctl/restore.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stagepost::ctl {

namespace fs = std::filesystem;

namespace {

/// The lock a running server holds (see prepare_data_folder).
class folder_lock {
public:
  explicit folder_lock(const std::string& folder) : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY)) {
    if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
      throw std::runtime_error("a server is running on " + folder + "; stop it first");
  }
  ~folder_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

private:
  int descriptor_;
};

void keep_owner(const fs::path& path, uid_t user, gid_t group) {
  if (::geteuid() != 0) return;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (::chown(entry.path().c_str(), user, group) != 0)
      throw std::runtime_error(entry.path().string() + ": cannot be given to its owner");
  if (::chown(path.c_str(), user, group) != 0) throw std::runtime_error(path.string() + ": cannot be given to its owner");
}

} // namespace

void restore(const std::string& backup, const conf::node_settings& node) {
  if (!fs::is_directory(fs::path(backup) / "system")) throw std::runtime_error(backup + " is no backup: it has no system store");
  for (uint32_t i = 0; i < node.shards; ++i)
    if (!fs::is_directory(fs::path(backup) / fmt::format("shard{}", i)))
      throw std::runtime_error(fmt::format("{} has no shard{}, but the node has {} shards", backup, i, node.shards));
  if (fs::exists(fs::path(backup) / fmt::format("shard{}", node.shards)))
    throw std::runtime_error(fmt::format("{} has more shards than the node, which has {}", backup, node.shards));
  const fs::path data(node.data_folder);
  fs::create_directories(data);
  struct stat owner {};
  ::stat(data.c_str(), &owner);
  const folder_lock lock(node.data_folder);

  const fs::path aside = fmt::format("{}.before-{}", data.string(), std::time(nullptr));
  fs::create_directory(aside);
  fs::permissions(aside, fs::perms::owner_all);
  std::vector<std::string> names{"system"};
  for (uint32_t i = 0; i < node.shards; ++i) names.push_back(fmt::format("shard{}", i));
  for (const auto& name : names)
    if (fs::exists(data / name)) fs::rename(data / name, aside / name);
  for (const auto& name : names) {
    fs::copy(fs::path(backup) / name, data / name, fs::copy_options::recursive);
    keep_owner(data / name, owner.st_uid, owner.st_gid);
  }
  fmt::print("restored from {}; what was there is in {}\n", backup, aside.string());
}

} // namespace stagepost::ctl
