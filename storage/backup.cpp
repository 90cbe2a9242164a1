#include "storage/backup.hpp"

#include "protocols/base/text.hpp"
#include "storage/checksum.hpp"
#include "storage/durable_files.hpp"
#include "storage/store.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

namespace stagepost::storage {

namespace fs = std::filesystem;

namespace {

// On disk: never change; a new form gets a new number here.
constexpr std::string_view first_line = "stagepost-backup 1";
constexpr std::string_view checksum_word = "checksum ";

constexpr uintmax_t largest_manifest = 256 << 20;
constexpr uint64_t most_shards = 256;

std::string checksum_text(std::string_view of) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  const auto sum = checksum(of);
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[sum >> shift & 15];
  return out;
}

failure<errc> damaged(const std::string& what) {
  return {errc::damaged, "the manifest of the backup " + what};
}

/// "word number" with that word.
std::optional<uint64_t> number_behind(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ') return std::nullopt;
  return parse_number<uint64_t>(line.substr(word.size() + 1));
}

/// A file in the folder of one of the stores: a manifest must not lead anywhere else.
bool is_below_stores(std::string_view path, const std::set<std::string, std::less<>>& stores) {
  const auto slash = path.find('/');
  if (slash == path.npos || !stores.contains(path.substr(0, slash))) return false;
  const auto name = path.substr(slash + 1);
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

} // namespace

std::vector<std::string> store_names(uint32_t shards) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < shards; ++i) names.push_back("shard" + std::to_string(i));
  names.emplace_back("system");
  return names;
}

std::string to_text(const backup_manifest& manifest) {
  std::string out(first_line);
  out += "\nschema " + std::to_string(manifest.schema);
  out += "\nshards " + std::to_string(manifest.shards);
  out += "\nmade_at_milliseconds " + std::to_string(unix_milliseconds(manifest.made_at)) + '\n';
  for (const auto& each : manifest.files)
    out += "file " + std::to_string(each.size_bytes) + ' ' + each.path + '\n';
  const auto sum = checksum_text(out);
  return out.append(checksum_word).append(sum) + '\n';
}

result<backup_manifest> parse_manifest(std::string_view text) {
  const auto last = text.rfind(checksum_word);
  if (last == text.npos || last == 0 || text[last - 1] != '\n' ||
      text.substr(last + checksum_word.size()) != checksum_text(text.substr(0, last)) + '\n')
    return damaged("is damaged");
  text = text.substr(0, last);
  const auto take_line = [&text] {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return line;
  };
  if (take_line() != first_line)
    return failure<errc>{errc::newer_version, "the backup was written by a newer release"};
  backup_manifest made;
  const auto schema = number_behind(take_line(), "schema");
  const auto shards = number_behind(take_line(), "shards");
  const auto made_at = number_behind(take_line(), "made_at_milliseconds");
  if (!schema || !shards || !made_at || *shards == 0 || *shards > most_shards) return damaged("is damaged");
  if (*schema > store::schema_version)
    return failure<errc>{errc::newer_version, "the backup has layout " + std::to_string(*schema) +
                                                  ", this release knows " +
                                                  std::to_string(store::schema_version)};
  made.schema = *schema;
  made.shards = uint32_t(*shards);
  made.made_at = from_unix_milliseconds(int64_t(*made_at));
  const auto names = store_names(made.shards);
  const std::set<std::string, std::less<>> stores(names.begin(), names.end());
  while (!text.empty()) {
    const auto line = take_line();
    const auto size = line.starts_with("file ") ? line.find(' ', 5) : line.npos;
    const auto octets = size == line.npos ? std::nullopt : parse_number<uint64_t>(line.substr(5, size - 5));
    if (!octets || !is_below_stores(line.substr(size + 1), stores))
      return damaged("names something that is no store's");
    made.files.push_back({std::string(line.substr(size + 1)), *octets});
  }
  return made;
}

result<done> seal_backup(const std::string& folder, uint32_t shards, instant made_at) {
  backup_manifest manifest{store::schema_version, shards, made_at, {}};
  std::error_code broken;
  for (const auto& name : store_names(shards)) {
    fs::directory_iterator at(fs::path(folder) / name, broken);
    while (!broken && at != fs::directory_iterator()) {
      const auto size = at->file_size(broken);
      if (broken) break;
      manifest.files.push_back({name + '/' + at->path().filename().string(), size});
      at.increment(broken);
    }
    if (broken) return failure<errc>{errc::io_error, folder + '/' + name + ": " + broken.message()};
  }
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const backup_file& a, const backup_file& b) { return a.path < b.path; });
  if (const auto synced = sync_tree(folder); !synced) return synced;
  return write_durably(folder + '/' + manifest_name, to_text(manifest));
}

result<backup_manifest> read_backup(const std::string& folder) {
  const auto path = fs::path(folder) / manifest_name;
  std::error_code broken;
  const auto size = fs::file_size(path, broken);
  if (broken)
    return failure<errc>{errc::not_found, folder + " is no backup, or not a whole one: it has no manifest"};
  if (size > largest_manifest) return damaged("is too large");
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto manifest = parse_manifest(text);
  if (!manifest) return manifest;
  for (const auto& name : store_names(manifest->shards))
    if (std::none_of(manifest->files.begin(), manifest->files.end(),
                     [&](const backup_file& each) { return each.path == name + "/CURRENT"; }))
      return damaged("has no store " + name);
  for (const auto& each : manifest->files) {
    const auto there = fs::file_size(fs::path(folder) / each.path, broken);
    if (broken) return failure<errc>{errc::damaged, folder + '/' + each.path + " is missing"};
    if (there != each.size_bytes)
      return failure<errc>{errc::damaged, folder + '/' + each.path + " has " + std::to_string(there) +
                                              " octets, the manifest says " +
                                              std::to_string(each.size_bytes)};
  }
  return manifest;
}

result<done> copy_backup(const std::string& from, const backup_manifest& manifest, const std::string& to,
                         const std::function<bool()>& stopped) {
  std::error_code broken;
  const auto make = [&](const fs::path& folder) {
    fs::create_directory(folder, broken);
    if (!broken) fs::permissions(folder, fs::perms::owner_all, broken);
  };
  make(to);
  for (const auto& name : store_names(manifest.shards))
    if (!broken) make(fs::path(to) / name);
  if (broken) return failure<errc>{errc::io_error, to + ": " + broken.message()};
  for (const auto& each : manifest.files)
    if (const auto copied = copy_durably(from + '/' + each.path, to + '/' + each.path, stopped); !copied)
      return copied;
  return sync_tree(to);
}

} // namespace stagepost::storage
