#include "protocols/search/zip_reader.hpp"

#include <algorithm>
#include <array>
#include <zlib.h>

namespace stagepost::search {

namespace {

constexpr std::string_view end_mark("PK\5\6", 4);
constexpr std::string_view end_mark_64("PK\6\6", 4);
constexpr std::string_view locator_mark_64("PK\6\7", 4);
constexpr std::string_view central_mark("PK\1\2", 4);
constexpr std::string_view local_mark("PK\3\4", 4);
constexpr size_t end_bytes = 22, end_bytes_64 = 56, locator_bytes_64 = 20;
constexpr size_t central_bytes = 46, local_bytes = 30;
constexpr size_t longest_comment = 65'535;
constexpr size_t longest_name = 512;
constexpr uint32_t in_extra_32 = 0xffffffff; ///< the number stands in the ZIP64 extra field
constexpr uint16_t in_extra_16 = 0xffff;

/// The caller has seen that the octets are there.
template <class Unsigned>
Unsigned number_in(bytes_view file, uint64_t at) {
  Unsigned value = 0;
  for (size_t i = sizeof(Unsigned); i-- > 0;)
    value = Unsigned(uint64_t(value) << 8 | uint8_t(file[size_t(at) + i]));
  return value;
}

bool has(bytes_view file, uint64_t at, uint64_t size) {
  return at <= file.size() && size <= file.size() - at;
}

bool has_mark(bytes_view file, uint64_t at, std::string_view mark, size_t size) {
  return has(file, at, size) && file.substr(size_t(at), mark.size()) == mark;
}

struct directory {
  uint64_t offset = 0;
  uint64_t entries = 0;
};

std::optional<directory> find_directory(bytes_view file) {
  if (file.size() < end_bytes) return std::nullopt;
  const size_t last = file.size() - end_bytes;
  const size_t first = last > longest_comment ? last - longest_comment : 0;
  const size_t at = file.substr(first).rfind(end_mark, last - first);
  if (at == file.npos) return std::nullopt;
  const size_t end = first + at;
  directory found{number_in<uint32_t>(file, end + 16), number_in<uint16_t>(file, end + 10)};
  if (found.offset != in_extra_32 && found.entries != in_extra_16) return found;
  if (end < locator_bytes_64 || !has_mark(file, end - locator_bytes_64, locator_mark_64, locator_bytes_64))
    return found.offset != in_extra_32 ? std::optional(found) : std::nullopt;
  const auto end_64 = number_in<uint64_t>(file, end - locator_bytes_64 + 8);
  if (!has_mark(file, end_64, end_mark_64, end_bytes_64)) return std::nullopt;
  return directory{number_in<uint64_t>(file, end_64 + 48), number_in<uint64_t>(file, end_64 + 32)};
}

/// Numbers that 32 bits could not hold, in the order in which they are missing (APPNOTE.TXT 4.5.3).
bool take_extra(bytes_view extra, uint32_t size_32, uint32_t packed_32, uint32_t offset_32,
                zip_entry& entry) {
  if (size_32 != in_extra_32 && packed_32 != in_extra_32 && offset_32 != in_extra_32) return true;
  while (extra.size() >= 4) {
    const auto kind = number_in<uint16_t>(extra, 0);
    const size_t size = number_in<uint16_t>(extra, 2);
    extra.remove_prefix(4);
    if (size > extra.size()) return false;
    if (kind != 1) {
      extra.remove_prefix(size);
      continue;
    }
    auto numbers = extra.substr(0, size);
    const auto take = [&](uint64_t& to) {
      if (numbers.size() < 8) return false;
      to = number_in<uint64_t>(numbers, 0);
      numbers.remove_prefix(8);
      return true;
    };
    uint64_t unpacked = 0;
    if (size_32 == in_extra_32 && !take(unpacked)) return false;
    if (packed_32 == in_extra_32 && !take(entry.packed_bytes)) return false;
    return offset_32 != in_extra_32 || take(entry.offset);
  }
  return false;
}

bool any_overlap(const std::vector<zip_entry>& entries) {
  std::vector<std::pair<uint64_t, uint64_t>> spans;
  spans.reserve(entries.size());
  for (const auto& each : entries)
    spans.emplace_back(each.offset, each.offset + local_bytes + each.name.size() + each.packed_bytes);
  std::sort(spans.begin(), spans.end());
  for (size_t i = 1; i < spans.size(); ++i)
    if (spans[i].first < spans[i - 1].second) return true;
  return false;
}

std::string inflate_beginning(bytes_view packed, size_t limit) {
  z_stream stream{};
  constexpr int no_header = -15;
  if (limit == 0 || packed.size() > UINT32_MAX || ::inflateInit2(&stream, no_header) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = uInt(packed.size());
  std::string out;
  std::array<char, 32768> piece;
  int state = Z_OK;
  while (state == Z_OK && out.size() < limit) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = uInt(std::min(piece.size(), limit - out.size()));
    const auto room = stream.avail_out;
    state = ::inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), room - stream.avail_out);
  }
  // What came before the damage is as good as any beginning.
  ::inflateEnd(&stream);
  return out;
}

} // namespace

std::optional<zip_reader> zip_reader::open(bytes_view file, const zip_limits& limits) {
  const auto list = find_directory(file);
  if (!list) return std::nullopt;
  zip_reader made(file, limits);
  uint64_t at = list->offset;
  const uint64_t count = std::min<uint64_t>(list->entries, limits.entries);
  for (uint64_t i = 0; i < count; ++i) {
    if (!has_mark(file, at, central_mark, central_bytes)) return std::nullopt;
    const size_t name_size = number_in<uint16_t>(file, at + 28);
    const size_t extra_size = number_in<uint16_t>(file, at + 30);
    const size_t comment_size = number_in<uint16_t>(file, at + 32);
    if (!has(file, at + central_bytes, name_size + extra_size + comment_size)) return std::nullopt;
    zip_entry entry;
    entry.name = std::string(file.substr(size_t(at) + central_bytes, name_size));
    entry.encrypted = (number_in<uint16_t>(file, at + 8) & 1) != 0;
    entry.method = number_in<uint16_t>(file, at + 10);
    const auto packed = number_in<uint32_t>(file, at + 20), unpacked = number_in<uint32_t>(file, at + 24);
    const auto offset = number_in<uint32_t>(file, at + 42);
    entry.packed_bytes = packed;
    entry.offset = offset;
    const auto extra = file.substr(size_t(at) + central_bytes + name_size, extra_size);
    if (!take_extra(extra, unpacked, packed, offset, entry)) return std::nullopt;
    at += central_bytes + name_size + extra_size + comment_size;
    if (!has(file, entry.offset, local_bytes) || !has(file, entry.offset + local_bytes, entry.packed_bytes))
      return std::nullopt;
    if (name_size > 0 && name_size <= longest_name && !entry.name.ends_with('/'))
      made.entries_.push_back(std::move(entry));
  }
  if (any_overlap(made.entries_)) return std::nullopt;
  std::sort(made.entries_.begin(), made.entries_.end(),
            [](const zip_entry& a, const zip_entry& b) { return a.name < b.name; });
  return made;
}

const zip_entry* zip_reader::find(std::string_view name) const {
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const zip_entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return at == entries_.end() || at->name != name ? nullptr : &*at;
}

std::string zip_reader::read(const zip_entry& entry) {
  constexpr uint16_t stored = 0, deflated = 8;
  if (entry.encrypted || (entry.method != stored && entry.method != deflated)) return {};
  if (!has_mark(file_, entry.offset, local_mark, local_bytes)) return {};
  // The local header has an extra field of its own.
  const uint64_t begin = entry.offset + local_bytes + number_in<uint16_t>(file_, entry.offset + 26) +
                         number_in<uint16_t>(file_, entry.offset + 28);
  if (!has(file_, begin, entry.packed_bytes)) return {};
  const auto packed = file_.substr(size_t(begin), size_t(entry.packed_bytes));
  const uint64_t by_ratio = (packed.size() + 256) * limits_.ratio;
  const uint64_t limit = std::min({limits_.entry_bytes, limits_.total_bytes - unpacked_bytes_, by_ratio});
  std::string text = entry.method == stored ? std::string(packed.substr(0, size_t(limit)))
                                            : inflate_beginning(packed, size_t(limit));
  unpacked_bytes_ += text.size();
  return text;
}

} // namespace stagepost::search
