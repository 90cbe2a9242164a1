#include "storage/import_marks.hpp"

#include "storage/batch_access.hpp"

#include <rocksdb/slice.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stagepost::storage {

namespace {

constexpr std::string_view prefix = "import/"; // on disk: never change

} // namespace

bytes import_mark(mailbox_id folder, bytes_view message) {
  const auto hash = XXH3_128bits(message.data(), message.size());
  bytes mark(prefix);
  append_big_endian(mark, folder.value);
  append_big_endian(mark, uint64_t(hash.high64));
  append_big_endian(mark, uint64_t(hash.low64));
  return mark;
}

void put_import_mark(batch& b, bytes_view mark) { batch_access::put(b, family::meta, mark, {}); }

result<bool> is_imported(const store& from, bytes_view mark, reach how_far) {
  rocksdb::PinnableSlice value;
  const auto found = from.get(family::meta, mark, value, how_far);
  if (found) return true;
  if (found.error().code == errc::not_found) return false;
  return found.error();
}

} // namespace stagepost::storage
