#include "actors/spool/check_folder.hpp"

#include "actors/free_space.hpp"
#include "actors/log/log.hpp"
#include "protocols/base/queue_id.hpp"
#include "storage/blobs.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace stagepost::spool {

namespace {

constexpr const char* file_name = "message.eml";
/// Whom programs run as when we are the superuser.
constexpr const char* program_user = "nobody";

struct open_file {
  int number = -1;
  ~open_file() {
    if (number >= 0) ::close(number);
  }
};

std::string reason(const std::string& what) { return what + ": " + std::strerror(errno); }

bool write_all(int to, bytes_view octets) {
  while (!octets.empty()) {
    const auto written = ::write(to, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    octets.remove_prefix(size_t(written));
  }
  return true;
}

/// Mail has CRLF and no CR or LF of another kind; a program may not know that.
std::string with_mail_line_ends(const std::string& from) {
  std::string to;
  to.reserve(from.size() + from.size() / 32);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] != '\r' && from[i] != '\n') {
      to += from[i];
      continue;
    }
    if (from[i] == '\r' && i + 1 < from.size() && from[i + 1] == '\n') ++i;
    to += "\r\n";
  }
  return to;
}

/// Octets of a file from a place on: as many as are there, at most `limit`; nothing when it cannot be read.
std::optional<std::string> read_at(int file, uint64_t from, size_t limit) {
  std::string content(limit, '\0');
  size_t at = 0;
  while (at < limit) {
    const auto got = ::pread(file, content.data() + at, limit - at, off_t(from + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    at += size_t(got);
  }
  content.resize(at);
  return content;
}

/// Whether octets are the message's as it is in the store; `read` gives so many of them from a place on.
/// Nothing when a piece cannot be read.
template <class Read>
std::optional<bool> is_what_we_have(const storage::store& in, const storage::spool_record& message,
                                    uint64_t size_bytes, Read read) {
  if (size_bytes != message.size_bytes) return false;
  const auto blob = storage::read_blob(in, message.body, storage::reach::disk);
  if (!blob) return std::nullopt;
  uint64_t at = 0;
  for (uint32_t i = 0; i < blob->chunks; ++i) {
    const auto piece = storage::read_chunk(in, message.body, i, storage::reach::disk);
    if (!piece) return std::nullopt;
    if (read(at, piece->size()) != bytes_view(*piece)) return false;
    at += piece->size();
  }
  return at == size_bytes;
}

} // namespace

check_folder::check_folder(std::string path, std::optional<program_account> owner)
    : path_(std::move(path)), owner_(owner) {}

std::string check_folder::folder_of(queue_id id) const { return path_ + '/' + to_text(id); }
std::string check_folder::file_of(queue_id id) const { return folder_of(id) + '/' + file_name; }

std::string check_folder::make_folders(queue_id id) const {
  // Nobody else may have put a folder of that name in our way. The program's account may pass it, not list
  // it.
  if (::mkdir(path_.c_str(), owner_ ? 0711 : 0700) != 0 && errno != EEXIST) return reason(path_);
  struct stat about {};
  if (::lstat(path_.c_str(), &about) != 0) return reason(path_);
  if (!S_ISDIR(about.st_mode) || about.st_uid != ::geteuid() || (about.st_mode & 0066) != 0)
    return path_ + " is not a folder of ours";
  if (owner_ && ::chmod(path_.c_str(), 0711) != 0) return reason(path_); // whatever the umask is
  const auto own = folder_of(id);
  if (::mkdir(own.c_str(), 0700) != 0) return reason(own);
  if (owner_ && ::lchown(own.c_str(), owner_->user, owner_->group) != 0) return reason(own);
  return {};
}

std::optional<failure<storage::errc>> check_folder::put(const storage::store& from,
                                                        const storage::spool_record& message,
                                                        uint64_t reserve_bytes) const {
  const auto of_files = [](std::string why) { return failure{storage::errc::io_error, std::move(why)}; };
  remove(message.id); // of an attempt before
  if (auto why = make_folders(message.id); !why.empty()) return of_files(std::move(why));
  // The stores may be on that disk: what is kept free for them is not for files that can be made again.
  if (const auto free = free_space(path_); free && *free < reserve_bytes + message.size_bytes)
    return of_files(path_ + ": the disk is full up to what is kept free");
  const auto blob = storage::read_blob(from, message.body, storage::reach::disk);
  if (!blob) return failure{blob.error()};
  const auto path = file_of(message.id);
  const open_file file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (file.number < 0) return of_files(reason(path));
  for (uint32_t i = 0; i < blob->chunks; ++i) {
    const auto piece = storage::read_chunk(from, message.body, i, storage::reach::disk);
    if (!piece) return failure{piece.error()};
    if (!write_all(file.number, *piece)) return of_files(reason(path));
  }
  if (owner_ && ::fchown(file.number, owner_->user, owner_->group) != 0) return of_files(reason(path));
  return {};
}

bool check_folder::is_there(queue_id id) const {
  struct stat about {};
  return ::lstat(file_of(id).c_str(), &about) == 0 || errno != ENOENT;
}

file_look check_folder::look(const storage::store& from, const storage::spool_record& message,
                             uint64_t largest) const {
  const auto unusable = [](std::string why) {
    return file_look{file_look::state::unusable, {}, std::move(why)};
  };
  // A link would lead us to a file that the program itself may not read; a pipe would keep us waiting.
  const open_file file{::open(file_of(message.id).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat about {};
  if (file.number < 0 && errno == ENOENT) {
    // Whoever tidied up our folders did not mean this message.
    if (::lstat(folder_of(message.id).c_str(), &about) != 0) return unusable(reason("its folder"));
    return {file_look::state::deleted, {}, {}};
  }
  if (file.number < 0 || ::fstat(file.number, &about) != 0) return unusable(reason("the file"));
  // Nor may it be a file of somebody else's that was moved here.
  if (!S_ISREG(about.st_mode) || about.st_nlink != 1 || about.st_uid != (owner_ ? owner_->user : ::geteuid()))
    return unusable("it is no plain file any more");
  if (uint64_t(about.st_size) > largest) return unusable("it has become too large");
  if (about.st_size == 0 && message.size_bytes != 0) return unusable("it has become empty");
  const auto as_it_was =
      is_what_we_have(from, message, uint64_t(about.st_size), [&](uint64_t at, size_t octets) {
        return read_at(file.number, at, octets).value_or(std::string());
      });
  if (!as_it_was) return unusable("what it was cannot be read");
  if (*as_it_was) return {};
  auto content = read_at(file.number, 0, size_t(about.st_size));
  if (!content) return unusable(reason("the file"));
  if (content->size() != size_t(about.st_size)) return unusable("it changes while it is read");
  *content = with_mail_line_ends(*content);
  const auto same_text = is_what_we_have(from, message, content->size(), [&](uint64_t at, size_t octets) {
    return bytes_view(*content).substr(size_t(at), octets);
  });
  if (!same_text) return unusable("what it was cannot be read");
  if (*same_text) return {};
  return {file_look::state::changed, std::move(*content), {}};
}

void check_folder::remove(queue_id id) const {
  std::error_code failed;
  std::filesystem::remove_all(folder_of(id), failed); // follows no links
  if (failed) log::warn("{} cannot be removed: {}", folder_of(id), failed.message());
}

void check_folder::clear() const {
  std::error_code failed;
  if (std::filesystem::is_symlink(path_, failed)) return; // not ours; said when one is needed
  std::filesystem::remove_all(path_, failed);
  if (failed) log::warn("{} cannot be removed: {}", path_, failed.message());
}

check_folder check_folder_for(const std::string& data_folder) {
  if (::geteuid() != 0) return {data_folder + "/command_line", std::nullopt};
  const auto owner =
      find_account(program_user).value_or(program_account{65534, 65534}); // as kernels call nobody
  // Nobody else comes into the data folder. Its disk and number tell servers of one machine apart, which must
  // not clear each other's.
  struct stat about {};
  std::string number;
  if (::stat(data_folder.c_str(), &about) == 0)
    number = '-' + std::to_string(about.st_dev) + '-' + std::to_string(about.st_ino);
  return {"/var/tmp/stagepost-command-line" + number, owner};
}

} // namespace stagepost::spool
