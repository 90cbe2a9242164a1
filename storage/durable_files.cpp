#include "storage/durable_files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <vector>

namespace stagepost::storage {

namespace fs = std::filesystem;

namespace {

constexpr size_t piece_bytes = 1 << 20;

failure<errc> failed(const std::string& path) {
  const int why = errno;
  return {why == ENOSPC || why == EDQUOT ? errc::disk_full : errc::io_error,
          path + ": " + std::strerror(why)};
}

class descriptor {
public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  bool open() const { return number_ >= 0; }
  int number() const { return number_; }

private:
  int number_;
};

bool write_all(int to, const char* data, size_t size) {
  while (size > 0) {
    const auto written = ::write(to, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= size_t(written);
  }
  return true;
}

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

} // namespace

result<done> sync_path(const std::string& path) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() || ::fsync(file.number()) != 0) return failed(path);
  return done{};
}

result<done> sync_tree(const std::string& folder) {
  std::error_code broken;
  fs::recursive_directory_iterator at(folder, broken);
  for (; !broken && at != fs::recursive_directory_iterator(); at.increment(broken))
    if (const auto synced = sync_path(at->path().string()); !synced) return synced;
  if (broken) return failure<errc>{errc::io_error, folder + ": " + broken.message()};
  return sync_path(folder);
}

result<done> write_durably(const std::string& path, std::string_view text) {
  const auto fresh = path + ".part";
  {
    const descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.open() || !write_all(file.number(), text.data(), text.size()) || ::fsync(file.number()) != 0)
      return failed(fresh);
  }
  return move_durably(fresh, path);
}

result<done> move_durably(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(from + " to " + to);
  if (const auto synced = sync_path(folder_of(to)); !synced) return synced;
  return folder_of(from) == folder_of(to) ? result<done>(done{}) : sync_path(folder_of(from));
}

result<done> copy_durably(const std::string& from, const std::string& to,
                          const std::function<bool()>& stopped) {
  const descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.open()) return failed(from);
  const descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!target.open()) return failed(to);
  std::vector<char> piece(piece_bytes);
  for (;;) {
    if (stopped()) return failure<errc>{errc::io_error, "stopped"};
    const auto got = ::read(source.number(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(from);
    if (got == 0) break;
    if (!write_all(target.number(), piece.data(), size_t(got))) return failed(to);
  }
  if (::fsync(target.number()) != 0) return failed(to);
  return done{};
}

} // namespace stagepost::storage
