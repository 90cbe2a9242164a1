#pragma once

#include "actors/confined_program.hpp"
#include "protocols/base/result.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

#include <optional>
#include <string>

namespace stagepost::spool {

/// What became of a message's file.
struct file_look {
  enum class state : uint8_t { unchanged, changed, deleted, unusable };
  state is = state::unchanged;
  std::string content; ///< of a changed one, with the line ends of mail
  std::string why;     ///< it cannot be used
};

/// Messages as files while the command-line program works on them: a folder for each, so that the program may
/// put what it needs beside the file. All of it blocks: belongs on threads of a pool. Nothing in it is to be
/// trusted once a program ran: it may hold links and whatever else that program's account can make.
class check_folder {
public:
  /// `owner`: the account the program runs as, when we are the superuser.
  check_folder(std::string path, std::optional<program_account> owner);

  std::string folder_of(queue_id id) const;
  std::string file_of(queue_id id) const;
  /// Makes the file, and leaves `reserve_bytes` of the disk free; what went wrong, or nothing: an io_error is
  /// of the files, everything else of the message.
  std::optional<failure<storage::errc>> put(const storage::store& from, const storage::spool_record& message,
                                            uint64_t reserve_bytes) const;
  bool is_there(queue_id id) const;
  /// At most `largest` octets are taken of a changed file.
  file_look look(const storage::store& from, const storage::spool_record& message, uint64_t largest) const;
  void remove(queue_id id) const;
  /// Removes what a process left that was killed.
  void clear() const;

  const std::string& path() const { return path_; }
  const std::optional<program_account>& owner() const { return owner_; }

private:
  std::string make_folders(queue_id id) const;

  std::string path_;
  std::optional<program_account> owner_;
};

/// Where the files go: in the data folder, or, when we are the superuser, where the program's account comes,
/// too. The same one after a restart.
check_folder check_folder_for(const std::string& data_folder);

} // namespace stagepost::spool
