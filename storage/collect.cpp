#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/status.hpp"
#include "storage/store.hpp"

#include "storage/records.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

namespace stagepost::storage {

namespace {

result<bool> has_references(const store& in, bytes_view blob_key) {
  bool found = false;
  const auto scanned = in.scan(family::blob_refs, blob_key, {}, reach::disk, [&](bytes_view, bytes_view) {
    found = true;
    return false;
  });
  if (!scanned) return scanned.error();
  return found;
}

/// Deletes the pieces of a body. Of one that never became whole nobody knows how many there are.
result<done> remove_chunks(const store& in, rocksdb::WriteBatch& writes, blob_id body) {
  auto* const bodies = in.handle(family::bodies);
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::blobs, key::blob(body), value, reach::disk);
  if (!found && found.error().code != errc::not_found) return found.error();
  if (found) {
    const auto record = decode_blob(to_view(value));
    if (!record) return record.error();
    for (uint32_t chunk = 0; chunk < record->chunks; ++chunk)
      writes.Delete(bodies, to_slice(key::body(body, chunk))).PermitUncheckedError();
    return done{};
  }
  return in.scan(family::bodies, key::blob(body), {}, reach::disk, [&](bytes_view key, bytes_view) {
    writes.Delete(bodies, to_slice(key)).PermitUncheckedError();
    return true;
  });
}

} // namespace

result<done> store::seed_marks() {
  return scan(family::garbage, {}, {}, reach::disk, [&](bytes_view key, bytes_view) {
    marked_.emplace_hint(marked_.end(), number_at(key, 0));
    return true;
  });
}

result<size_t> store::collect(size_t limit) {
  if (failed_) return failed_with_;
  std::vector<blob_id> looked_at;
  for (auto at = marked_.begin(); at != marked_.end() && looked_at.size() < limit; ++at)
    if (!staging_.contains(*at)) looked_at.push_back(*at);
  if (const auto removed = remove_unreferred(looked_at); !removed) return removed.error();
  for (const auto body : looked_at) marked_.erase(body);
  return looked_at.size();
}

result<done> store::remove_unreferred(const std::vector<blob_id>& marked) {
  rocksdb::WriteBatch writes;
  for (const auto body : marked) {
    const auto blob_key = key::blob(body);
    const auto referred = has_references(*this, blob_key);
    if (!referred) return referred.error();
    if (!*referred) {
      const auto removed = remove_chunks(*this, writes, body);
      // A damaged body stays, with its mark, for `verify` to find: it must not keep the others from being
      // collected.
      if (!removed && removed.error().code == errc::damaged) continue;
      if (!removed) return removed.error();
      writes.Delete(handle(family::blobs), to_slice(blob_key)).PermitUncheckedError();
    }
    writes.Delete(handle(family::garbage), to_slice(blob_key)).PermitUncheckedError();
  }
  if (writes.Count() == 0) return done{};
  // No sync: the marks stay with the bodies when the power fails, and the next look finds both.
  return write(writes, false);
}

} // namespace stagepost::storage
