#include "tests/support/fault_file_system.hpp"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <thread>

namespace stagepost::testing {

namespace {

using rocksdb::IOStatus;

constexpr size_t page_bytes = 4096;

std::string tidy(std::string path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || out.empty() || out.back() != '/') out.push_back(c);
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

class held_lock : public rocksdb::FileLock {
public:
  held_lock(std::string path, uint64_t generation) : path(std::move(path)), generation(generation) {}
  std::string path;
  uint64_t generation;
};

class silent_logger : public rocksdb::Logger {
public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

} // namespace

class fault_writable : public rocksdb::FSWritableFile {
public:
  fault_writable(fault_file_system& files, std::string path, std::shared_ptr<fault_file> file,
                 uint64_t generation)
      : files_(files), path_(std::move(path)), file_(std::move(file)), generation_(generation) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    const auto may = files_.begin(fault_operation::append, path_, generation_, true);
    // A disk that is full took what still fitted; a power cut stops in the middle too, by the loss of
    // unsynced octets.
    if (may.IsNoSpace()) file_->content.append(data.data(), data.size() / 2);
    if (may.ok()) file_->content.append(data.data(), data.size());
    return may;
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Truncate(uint64_t size, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    const auto may = files_.begin(fault_operation::append, path_, generation_, true);
    if (may.ok()) {
      file_->content.resize(size);
      file_->synced_bytes = std::min<size_t>(file_->synced_bytes, size);
    }
    return may;
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    const auto may = files_.begin(fault_operation::sync, path_, generation_, true);
    if (may.ok()) file_->synced_bytes = file_->content.size();
    return may;
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return file_->content.size();
  }

private:
  fault_file_system& files_;
  std::string path_;
  std::shared_ptr<fault_file> file_;
  uint64_t generation_;
};

class fault_readable : public rocksdb::FSRandomAccessFile, public rocksdb::FSSequentialFile {
public:
  fault_readable(fault_file_system& files, std::string path, std::shared_ptr<fault_file> file,
                 uint64_t generation)
      : files_(files), path_(std::move(path)), file_(std::move(file)), generation_(generation) {}

  IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions&, rocksdb::Slice* result,
                char* scratch, rocksdb::IODebugContext*) const override {
    return read_at(offset, size, result, scratch);
  }
  IOStatus Prefetch(uint64_t, size_t, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::NotSupported();
  }
  IOStatus Read(size_t size, const rocksdb::IOOptions&, rocksdb::Slice* result, char* scratch,
                rocksdb::IODebugContext*) override {
    const auto read = read_at(position_, size, result, scratch);
    if (read.ok()) position_ += result->size();
    return read;
  }
  IOStatus Skip(uint64_t size) override {
    position_ += size;
    return IOStatus::OK();
  }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return page_bytes; }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }

private:
  IOStatus read_at(uint64_t offset, size_t size, rocksdb::Slice* result, char* scratch) const {
    std::chrono::microseconds delay{0};
    {
      const std::lock_guard lock(files_.mutex_);
      if (auto may = files_.begin(fault_operation::read, path_, generation_, false); !may.ok()) return may;
      delay = files_.read_delay_;
      const auto& content = file_->content;
      const auto start = std::min<uint64_t>(offset, content.size());
      const auto length = std::min<uint64_t>(size, content.size() - start);
      std::copy_n(content.data() + start, length, scratch);
      *result = rocksdb::Slice(scratch, length);
    }
    if (delay.count() > 0) std::this_thread::sleep_for(delay);
    return IOStatus::OK();
  }

  fault_file_system& files_;
  std::string path_;
  std::shared_ptr<fault_file> file_;
  uint64_t generation_;
  uint64_t position_ = 0;
};

class fault_directory : public rocksdb::FSDirectory {
public:
  fault_directory(fault_file_system& files, std::string path, uint64_t generation)
      : files_(files), path_(std::move(path)), generation_(generation) {}
  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    auto may = files_.begin(fault_operation::sync, path_, generation_, true);
    if (may.ok()) files_.sync_folder(path_);
    return may;
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return IOStatus::OK(); }

private:
  fault_file_system& files_;
  std::string path_;
  uint64_t generation_;
};

fault_file_system::fault_file_system() : FileSystemWrapper(rocksdb::FileSystem::Default()) {
  now_["/"] = durable_["/"] = nullptr;
}
fault_file_system::~fault_file_system() = default;

void fault_file_system::cut_after(uint64_t operations) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operations_ + operations;
}

void fault_file_system::cut() {
  const std::lock_guard lock(mutex_);
  cut_ = true;
}

bool fault_file_system::is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

void fault_file_system::power_on(uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  const auto up_to = [&](size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random); };
  const auto kept = up_to(pending_.size());
  for (size_t i = 0; i < kept; ++i) apply(durable_, pending_[i]);
  pending_.clear();
  for (auto& [path, file] : durable_) {
    if (!file) continue;
    const auto unsynced = file->content.size() - std::min(file->synced_bytes, file->content.size());
    const auto survived = up_to(unsynced);
    // Handles of the time before keep the old one, so it is replaced.
    auto fresh = std::make_shared<fault_file>();
    fresh->content = file->content.substr(0, file->synced_bytes + survived);
    if (path.ends_with(".log") && up_to(3) == 0)
      for (size_t i = 0; i < std::min({survived, page_bytes, up_to(page_bytes)}); ++i)
        fresh->content[fresh->content.size() - 1 - i] = '\0';
    fresh->synced_bytes = fresh->content.size();
    file = std::move(fresh);
  }
  now_ = durable_;
  locks_.clear();
  faults_.clear();
  ++generation_;
  cut_ = false;
  cut_at_ = UINT64_MAX;
}

void fault_file_system::inject(const fault& f) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(f);
}

void fault_file_system::clear_faults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void fault_file_system::set_read_delay(std::chrono::microseconds delay) {
  const std::lock_guard lock(mutex_);
  read_delay_ = delay;
}

uint64_t fault_file_system::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::vector<std::string> fault_file_system::names(const std::string& suffix) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [path, file] : now_)
    if (file && path.ends_with(suffix)) out.push_back(path);
  return out;
}

std::string fault_file_system::read(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto file = find(path);
  return file ? file->content : std::string();
}

void fault_file_system::write(const std::string& path, std::string content) {
  const std::lock_guard lock(mutex_);
  auto file = std::make_shared<fault_file>();
  file->synced_bytes = content.size();
  file->content = std::move(content);
  now_[tidy(path)] = durable_[tidy(path)] = file;
}

IOStatus fault_file_system::begin(fault_operation operation, const std::string& path, uint64_t generation,
                                  bool changes) {
  if (cut_ || generation != generation_) return IOStatus::IOError("the power is off");
  if (changes && ++operations_ > cut_at_) {
    cut_ = true;
    return IOStatus::IOError("the power is off");
  }
  for (auto& f : faults_) {
    const bool kind = f.operation == operation || f.operation == fault_operation::any;
    if (!kind || !path.ends_with(f.suffix) || f.times == 0) continue;
    if (f.after > 0) {
      --f.after;
      continue;
    }
    if (f.times != UINT64_MAX) --f.times;
    return f.disk_full ? IOStatus::NoSpace("injected: the disk is full") : IOStatus::IOError("injected");
  }
  return IOStatus::OK();
}

void fault_file_system::apply(tree& to, const entry_change& change) const {
  if (!change.removed.empty()) to.erase(change.removed);
  if (!change.added.empty()) to[change.added] = change.file;
}

void fault_file_system::change_entry(std::string removed, std::string added, file_ptr file) {
  const auto folder = folder_of(added.empty() ? removed : added);
  pending_.push_back({folder, std::move(removed), std::move(added), std::move(file)});
  apply(now_, pending_.back());
}

void fault_file_system::sync_folder(const std::string& folder) {
  std::vector<entry_change> rest;
  for (auto& change : pending_) {
    if (change.folder == folder)
      apply(durable_, change);
    else
      rest.push_back(std::move(change));
  }
  pending_ = std::move(rest);
}

fault_file_system::file_ptr fault_file_system::find(const std::string& path) const {
  const auto found = now_.find(tidy(path));
  return found == now_.end() ? nullptr : found->second;
}

IOStatus fault_file_system::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                              std::unique_ptr<rocksdb::FSSequentialFile>* out,
                                              debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, false); !may.ok()) return may;
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *out = std::make_unique<fault_readable>(*this, path, file, generation_);
  return IOStatus::OK();
}

IOStatus fault_file_system::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                                std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                                                debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, false); !may.ok()) return may;
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *out = std::make_unique<fault_readable>(*this, path, file, generation_);
  return IOStatus::OK();
}

IOStatus fault_file_system::NewWritableFile(const std::string& name, const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>* out, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, name, generation_, true); !may.ok()) return may;
  const auto path = tidy(name);
  if (!now_.contains(folder_of(path))) return IOStatus::PathNotFound(name);
  auto file = std::make_shared<fault_file>();
  change_entry({}, path, file);
  *out = std::make_unique<fault_writable>(*this, path, file, generation_);
  return IOStatus::OK();
}

IOStatus fault_file_system::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* out,
                                               debug_context* context) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto file = find(name)) {
      if (auto may = begin(fault_operation::open, name, generation_, true); !may.ok()) return may;
      *out = std::make_unique<fault_writable>(*this, tidy(name), file, generation_);
      return IOStatus::OK();
    }
  }
  return NewWritableFile(name, options, out, context);
}

IOStatus fault_file_system::ReuseWritableFile(const std::string&, const std::string&,
                                              const rocksdb::FileOptions&,
                                              std::unique_ptr<rocksdb::FSWritableFile>*, debug_context*) {
  return IOStatus::NotSupported("logs are not reused");
}

IOStatus fault_file_system::NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSRandomRWFile>*, debug_context*) {
  return IOStatus::NotSupported();
}

IOStatus fault_file_system::NewMemoryMappedFileBuffer(const std::string&,
                                                      std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) {
  return IOStatus::NotSupported();
}

IOStatus fault_file_system::NewDirectory(const std::string& path, const io_options&,
                                         std::unique_ptr<rocksdb::FSDirectory>* out, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, false); !may.ok()) return may;
  if (!now_.contains(tidy(path))) return IOStatus::PathNotFound(path);
  *out = std::make_unique<fault_directory>(*this, tidy(path), generation_);
  return IOStatus::OK();
}

IOStatus fault_file_system::FileExists(const std::string& path, const io_options&, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::IOError("the power is off");
  return now_.contains(tidy(path)) ? IOStatus::OK() : IOStatus::NotFound();
}

IOStatus fault_file_system::GetChildren(const std::string& name, const io_options&,
                                        std::vector<std::string>* out, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::IOError("the power is off");
  const auto path = tidy(name);
  if (!now_.contains(path)) return IOStatus::PathNotFound(name);
  out->clear();
  for (const auto& [child, file] : now_)
    if (child != path && folder_of(child) == path) out->push_back(child.substr(child.rfind('/') + 1));
  return IOStatus::OK();
}

IOStatus fault_file_system::GetChildrenFileAttributes(const std::string& name, const io_options& options,
                                                      std::vector<rocksdb::Env::FileAttributes>* out,
                                                      debug_context* context) {
  std::vector<std::string> children;
  if (auto listed = GetChildren(name, options, &children, context); !listed.ok()) return listed;
  const std::lock_guard lock(mutex_);
  out->clear();
  for (const auto& child : children) {
    const auto file = find(name + "/" + child);
    out->push_back({child, file ? file->content.size() : 0});
  }
  return IOStatus::OK();
}

IOStatus fault_file_system::DeleteFile(const std::string& path, const io_options&, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, true); !may.ok()) return may;
  if (!find(path)) return IOStatus::PathNotFound(path);
  change_entry(tidy(path), {}, nullptr);
  return IOStatus::OK();
}

IOStatus fault_file_system::Truncate(const std::string& path, size_t size, const io_options&,
                                     debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::append, path, generation_, true); !may.ok()) return may;
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  file->content.resize(size);
  file->synced_bytes = std::min(file->synced_bytes, size);
  return IOStatus::OK();
}

IOStatus fault_file_system::CreateDir(const std::string& path, const io_options&, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, true); !may.ok()) return may;
  if (now_.contains(tidy(path))) return IOStatus::IOError(path, "exists");
  // Folders last at once: a store lost with its folder proves nothing.
  now_[tidy(path)] = durable_[tidy(path)] = nullptr;
  return IOStatus::OK();
}

IOStatus fault_file_system::CreateDirIfMissing(const std::string& path, const io_options& options,
                                               debug_context* context) {
  {
    const std::lock_guard lock(mutex_);
    if (now_.contains(tidy(path))) return cut_ ? IOStatus::IOError("the power is off") : IOStatus::OK();
  }
  return CreateDir(path, options, context);
}

IOStatus fault_file_system::DeleteDir(const std::string& path, const io_options&, debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, path, generation_, true); !may.ok()) return may;
  now_.erase(tidy(path));
  durable_.erase(tidy(path));
  return IOStatus::OK();
}

IOStatus fault_file_system::GetFileSize(const std::string& path, const io_options&, uint64_t* size,
                                        debug_context*) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::IOError("the power is off");
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *size = file->content.size();
  return IOStatus::OK();
}

IOStatus fault_file_system::GetFileModificationTime(const std::string& path, const io_options&,
                                                    uint64_t* time, debug_context*) {
  const std::lock_guard lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *time = uint64_t(file->modified.count());
  return IOStatus::OK();
}

IOStatus fault_file_system::RenameFile(const std::string& from, const std::string& to, const io_options&,
                                       debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, from, generation_, true); !may.ok()) return may;
  if (!now_.contains(tidy(from))) return IOStatus::PathNotFound(from);
  if (const auto file = find(from)) {
    change_entry(tidy(from), tidy(to), file);
    return IOStatus::OK();
  }
  // A folder, as a checkpoint renames one: with all that is in it, and it lasts at once.
  for (auto* where : {&now_, &durable_}) {
    tree moved;
    for (auto& [path, file] : *where) {
      const bool inside = path == tidy(from) || path.starts_with(tidy(from) + "/");
      moved[inside ? tidy(to) + path.substr(tidy(from).size()) : path] = file;
    }
    *where = std::move(moved);
  }
  const auto move_name = [&](std::string& path) {
    if (path == tidy(from) || path.starts_with(tidy(from) + "/"))
      path = tidy(to) + path.substr(tidy(from).size());
  };
  for (auto& change : pending_) {
    move_name(change.folder);
    move_name(change.removed);
    move_name(change.added);
  }
  return IOStatus::OK();
}

IOStatus fault_file_system::LinkFile(const std::string& from, const std::string& to, const io_options&,
                                     debug_context*) {
  const std::lock_guard lock(mutex_);
  if (auto may = begin(fault_operation::open, from, generation_, true); !may.ok()) return may;
  const auto file = find(from);
  if (!file) return IOStatus::PathNotFound(from);
  change_entry({}, tidy(to), file);
  return IOStatus::OK();
}

IOStatus fault_file_system::NumFileLinks(const std::string& path, const io_options&, uint64_t* count,
                                         debug_context*) {
  const std::lock_guard lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *count = uint64_t(std::count_if(now_.begin(), now_.end(), [&](const auto& e) { return e.second == file; }));
  return IOStatus::OK();
}

IOStatus fault_file_system::AreFilesSame(const std::string& a, const std::string& b, const io_options&,
                                         bool* same, debug_context*) {
  const std::lock_guard lock(mutex_);
  *same = find(a) && find(a) == find(b);
  return IOStatus::OK();
}

IOStatus fault_file_system::LockFile(const std::string& path, const io_options&, rocksdb::FileLock** out,
                                     debug_context*) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::IOError("the power is off");
  if (!locks_.emplace(tidy(path), generation_).second) return IOStatus::IOError(path, "lock is held");
  *out = new held_lock(tidy(path), generation_);
  return IOStatus::OK();
}

IOStatus fault_file_system::UnlockFile(rocksdb::FileLock* held, const io_options&, debug_context*) {
  const std::lock_guard lock(mutex_);
  const std::unique_ptr<held_lock> mine(static_cast<held_lock*>(held));
  // One from before a power cut is gone with the machine; the name may be locked again by now.
  if (const auto found = locks_.find(mine->path); found != locks_.end() && found->second == mine->generation)
    locks_.erase(found);
  return IOStatus::OK();
}

IOStatus fault_file_system::GetTestDirectory(const io_options&, std::string* path, debug_context*) {
  *path = "/";
  return IOStatus::OK();
}

IOStatus fault_file_system::NewLogger(const std::string&, const io_options&,
                                      std::shared_ptr<rocksdb::Logger>* out, debug_context*) {
  *out = std::make_shared<silent_logger>();
  return IOStatus::OK();
}

IOStatus fault_file_system::GetAbsolutePath(const std::string& path, const io_options&, std::string* out,
                                            debug_context*) {
  *out = path;
  return IOStatus::OK();
}

IOStatus fault_file_system::IsDirectory(const std::string& path, const io_options&, bool* is,
                                        debug_context*) {
  const std::lock_guard lock(mutex_);
  *is = now_.contains(tidy(path)) && !find(path);
  return IOStatus::OK();
}

IOStatus fault_file_system::GetFreeSpace(const std::string&, const io_options&, uint64_t* free,
                                         debug_context*) {
  *free = 1ull << 40;
  return IOStatus::OK();
}

namespace {

/// RocksDB sleeps a second after each failure in the background; after a power cut nobody needs that.
class hasty_clock : public rocksdb::SystemClockWrapper {
public:
  hasty_clock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "hasty_clock"; }
  void SleepForMicroseconds(int duration) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(duration, 1000));
  }
};

class fault_env : public rocksdb::EnvWrapper {
public:
  explicit fault_env(const std::shared_ptr<fault_file_system>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<hasty_clock>();
  }
  const char* Name() const override { return "fault_env"; }
  void SleepForMicroseconds(int duration) override { system_clock_->SleepForMicroseconds(duration); }
};

} // namespace

std::unique_ptr<rocksdb::Env> make_env(std::shared_ptr<fault_file_system> files) {
  return std::make_unique<fault_env>(files);
}

} // namespace stagepost::testing
