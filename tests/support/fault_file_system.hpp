#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace stagepost::testing {

/// A file as the disk and the memory above it know it.
struct fault_file {
  std::string content;     ///< what a reader sees
  size_t synced_bytes = 0; ///< how much of it survives a power cut for certain
  std::chrono::seconds modified{0};
};

/// What goes wrong, and when.
enum class fault_operation : uint8_t { append, sync, read, open, any };
struct fault {
  fault_operation operation = fault_operation::any;
  std::string suffix;     ///< of the file's name; empty: every file
  uint64_t after = 0;     ///< operations of this kind that still work
  uint64_t times = 1;     ///< how many fail then; UINT64_MAX until clear_faults
  bool disk_full = false; ///< ENOSPC rather than EIO
};

/// A file system in memory that can lose its power. What was written and not synced is lost at a cut, but for
/// a random part of its front; so are files made, renamed and deleted whose directory was not synced, but for
/// a random number of the oldest of these changes (as a journal keeps them in order). Logs may also keep a
/// torn, zeroed page at their end. Any thread.
class fault_file_system : public rocksdb::FileSystemWrapper {
public:
  fault_file_system();
  ~fault_file_system() override;

  /// The power fails once this many more operations that change something were done. From then on every
  /// operation fails, until power_on.
  void cut_after(uint64_t operations);
  /// The power fails now.
  void cut();
  bool is_cut() const;
  /// Brings the machine back with what survived; `seed` says what of the rest did. Handles opened before stay
  /// dead.
  void power_on(uint64_t seed);

  void inject(const fault& f);
  void clear_faults();
  /// Every read of a file takes this long.
  void set_read_delay(std::chrono::microseconds delay);
  /// Operations so far that change something.
  uint64_t operations() const;

  /// A file as it is now, for tests that damage it; the new content counts as synced.
  std::vector<std::string> names(const std::string& suffix) const;
  std::string read(const std::string& path) const;
  void write(const std::string& path, std::string content);

  const char* Name() const override { return "fault_file_system"; }
  using status = rocksdb::IOStatus;
  using io_options = rocksdb::IOOptions;
  using debug_context = rocksdb::IODebugContext;
  status NewSequentialFile(const std::string&, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSSequentialFile>*, debug_context*) override;
  status NewRandomAccessFile(const std::string&, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>*, debug_context*) override;
  status NewWritableFile(const std::string&, const rocksdb::FileOptions&,
                         std::unique_ptr<rocksdb::FSWritableFile>*, debug_context*) override;
  status ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                            std::unique_ptr<rocksdb::FSWritableFile>*, debug_context*) override;
  status ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>*, debug_context*) override;
  status NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                         std::unique_ptr<rocksdb::FSRandomRWFile>*, debug_context*) override;
  status NewMemoryMappedFileBuffer(const std::string&,
                                   std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) override;
  status NewDirectory(const std::string&, const io_options&, std::unique_ptr<rocksdb::FSDirectory>*,
                      debug_context*) override;
  status FileExists(const std::string&, const io_options&, debug_context*) override;
  status GetChildren(const std::string&, const io_options&, std::vector<std::string>*,
                     debug_context*) override;
  status GetChildrenFileAttributes(const std::string&, const io_options&,
                                   std::vector<rocksdb::Env::FileAttributes>*, debug_context*) override;
  status DeleteFile(const std::string&, const io_options&, debug_context*) override;
  status Truncate(const std::string&, size_t, const io_options&, debug_context*) override;
  status CreateDir(const std::string&, const io_options&, debug_context*) override;
  status CreateDirIfMissing(const std::string&, const io_options&, debug_context*) override;
  status DeleteDir(const std::string&, const io_options&, debug_context*) override;
  status GetFileSize(const std::string&, const io_options&, uint64_t*, debug_context*) override;
  status GetFileModificationTime(const std::string&, const io_options&, uint64_t*, debug_context*) override;
  status RenameFile(const std::string&, const std::string&, const io_options&, debug_context*) override;
  status LinkFile(const std::string&, const std::string&, const io_options&, debug_context*) override;
  status NumFileLinks(const std::string&, const io_options&, uint64_t*, debug_context*) override;
  status AreFilesSame(const std::string&, const std::string&, const io_options&, bool*,
                      debug_context*) override;
  status LockFile(const std::string&, const io_options&, rocksdb::FileLock**, debug_context*) override;
  status UnlockFile(rocksdb::FileLock*, const io_options&, debug_context*) override;
  status GetTestDirectory(const io_options&, std::string*, debug_context*) override;
  status NewLogger(const std::string&, const io_options&, std::shared_ptr<rocksdb::Logger>*,
                   debug_context*) override;
  status GetAbsolutePath(const std::string&, const io_options&, std::string*, debug_context*) override;
  status IsDirectory(const std::string&, const io_options&, bool*, debug_context*) override;
  status GetFreeSpace(const std::string&, const io_options&, uint64_t*, debug_context*) override;

private:
  friend class fault_writable;
  friend class fault_readable;
  friend class fault_directory;
  using file_ptr = std::shared_ptr<fault_file>;
  using tree = std::map<std::string, file_ptr>; ///< by path; a directory is a null pointer
  /// A change of a directory that is not synced.
  struct entry_change {
    std::string folder;
    std::string removed;
    std::string added;
    file_ptr file;
  };

  /// Counts the operation, and says whether it may be done. `mutex_` is held.
  status begin(fault_operation operation, const std::string& path, uint64_t generation, bool changes);
  void apply(tree& to, const entry_change& change) const;
  void change_entry(std::string removed, std::string added, file_ptr file);
  void sync_folder(const std::string& folder);
  file_ptr find(const std::string& path) const;

  mutable std::mutex mutex_;
  tree now_;
  tree durable_;
  std::vector<entry_change> pending_;
  std::map<std::string, uint64_t> locks_; ///< with the generation that took it
  std::vector<fault> faults_;
  uint64_t operations_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  uint64_t generation_ = 1; ///< of handles: one for each time the power came on
  bool cut_ = false;
  std::chrono::microseconds read_delay_{0};
};

/// An environment over the file system, for store_options::env.
std::unique_ptr<rocksdb::Env> make_env(std::shared_ptr<fault_file_system> files);

} // namespace stagepost::testing
