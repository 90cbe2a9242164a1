#include "storage/store_swap.hpp"

#include "storage/durable_files.hpp"

#include <filesystem>
#include <fstream>

namespace stagepost::storage {

namespace fs = std::filesystem;

namespace {

// On disk, in the data folder: never change.
constexpr const char* note_name = "restore.swap";
constexpr std::string_view first_line = "stagepost-swap 1";

result<bool> exists(const std::string& path) {
  std::error_code broken;
  const bool there = fs::exists(path, broken);
  if (broken) return failure<errc>{errc::io_error, path + ": " + broken.message()};
  return there;
}

/// The store `name`, if it has not been put in place yet. The old one goes first and durably: at no time may
/// a new store be in place while its predecessor is only half gone.
result<done> swap_one(const std::string& data, const store_swap& swap, const std::string& name) {
  const auto fresh = data + '/' + swap_staging + '/' + name;
  const auto waits = exists(fresh);
  if (!waits) return waits.error();
  if (!*waits) return done{};
  const auto old = exists(data + '/' + name);
  if (!old) return old.error();
  if (*old)
    if (const auto gone = move_durably(data + '/' + name, data + '/' + swap.aside + '/' + name); !gone)
      return gone;
  return move_durably(fresh, data + '/' + name);
}

} // namespace

result<store_swap> read_swap(const std::string& data_folder) {
  const auto path = data_folder + '/' + note_name;
  const auto there = exists(path);
  if (!there) return there.error();
  if (!*there) return failure<errc>{errc::not_found, path + " is not there"};
  std::ifstream in(path, std::ios::binary);
  std::string line;
  store_swap swap;
  std::getline(in, line);
  const bool known = line == first_line;
  std::getline(in, swap.aside);
  while (std::getline(in, line) && !line.empty()) swap.names.push_back(line);
  swap.source.assign(std::istreambuf_iterator<char>(in), {}); // a path may have any octet: it stands last
  if (!known || swap.aside.empty() || swap.names.empty())
    return failure<errc>{errc::damaged, path + " is damaged"};
  return swap;
}

result<done> begin_swap(const std::string& data_folder, const store_swap& swap) {
  std::string note(first_line);
  note += '\n' + swap.aside + '\n';
  for (const auto& each : swap.names) note += each + '\n';
  return write_durably(data_folder + '/' + note_name, note + '\n' + swap.source);
}

result<done> finish_swap(const std::string& data_folder) {
  const auto swap = read_swap(data_folder);
  if (!swap) return swap.error();
  std::error_code broken;
  const fs::path aside = fs::path(data_folder) / swap->aside;
  fs::create_directory(aside, broken);
  if (!broken) fs::permissions(aside, fs::perms::owner_all, broken);
  if (broken) return failure<errc>{errc::io_error, aside.string() + ": " + broken.message()};
  if (const auto synced = sync_path(data_folder); !synced) return synced;
  for (const auto& name : swap->names)
    if (const auto swapped = swap_one(data_folder, *swap, name); !swapped) return swapped;
  fs::remove(fs::path(data_folder) / note_name, broken);
  if (broken) return failure<errc>{errc::io_error, data_folder + '/' + note_name + ": " + broken.message()};
  if (const auto synced = sync_path(data_folder); !synced) return synced;
  fs::remove_all(fs::path(data_folder) / swap_staging,
                 broken); // what the stores left there when they were opened
  return done{};
}

} // namespace stagepost::storage
