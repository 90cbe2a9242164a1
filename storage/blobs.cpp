#include "storage/blobs.hpp"

#include "storage/batch_access.hpp"
#include "storage/chunk.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

namespace {

void mark_garbage(batch& b, blob_id body) {
  batch_access::put(b, family::garbage, key::blob(body), {});
  batch_access::mark(b, body);
}

failure<errc> in_body(blob_id body, uint32_t index, const failure<errc>& error) {
  if (error.code != errc::damaged) return error;
  return {error.code,
          "body " + std::to_string(body.value) + ", piece " + std::to_string(index) + ": " + error.detail};
}

/// Calls `take` with the content of a piece while it is pinned.
template <class Take>
result<done> with_chunk(const store& in, blob_id body, uint32_t index, storage::reach reach, Take take) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::bodies, key::body(body, index), value, reach); !found)
    return in_body(body, index, found.error());
  const auto content = open_chunk(to_view(value));
  if (!content) return in_body(body, index, content.error());
  take(*content);
  return done{};
}

} // namespace

void put_chunk(batch& b, blob_id body, uint32_t index, bytes_view content, bool last) {
  batch_access::put(b, family::bodies, key::body(body, index), chunk_head(content), content);
  if (index == 0 && !last) {
    mark_garbage(b, body);
    batch_access::stage(b, body);
  }
}

void put_blob(batch& b, blob_id body, const blob_record& record) {
  batch_access::put(b, family::blobs, key::blob(body), encode(record));
  batch_access::unstage(b, body);
  batch_access::whole(b, body);
}

void park_blob(batch& b, blob_id body, const blob_record& record) {
  batch_access::put(b, family::blobs, key::blob(body), encode(record));
  mark_garbage(b, body); // what a crash leaves is found by the mark
  batch_access::stage(b, body);
  batch_access::whole(b, body);
}

void abandon_blob(batch& b, blob_id body) {
  mark_garbage(b, body);
  batch_access::unstage(b, body);
}

void put_reference(batch& b, blob_id body, blob_owner kind, uint64_t owner, uint32_t item) {
  batch_access::put(b, family::blob_refs, key::blob_ref(body, kind, owner, item), {});
}

void drop_reference(batch& b, blob_id body, blob_owner kind, uint64_t owner, uint32_t item) {
  batch_access::remove(b, family::blob_refs, key::blob_ref(body, kind, owner, item));
  mark_garbage(b, body);
}

result<blob_record> read_blob(const store& in, blob_id body, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::blobs, key::blob(body), value, reach); !found) return found.error();
  return decode_blob(to_view(value));
}

result<bytes> read_chunk(const store& in, blob_id body, uint32_t index, storage::reach reach) {
  bytes out;
  const auto read = with_chunk(in, body, index, reach, [&](bytes_view content) { out = content; });
  if (!read) return read.error();
  return out;
}

result<bytes> read_body(const store& in, blob_id body, uint64_t offset, uint64_t size_bytes,
                        storage::reach reach) {
  bytes out;
  auto index = offset / body_chunk_bytes;
  auto skip = size_t(offset % body_chunk_bytes);
  auto left = size_bytes;
  while (left > 0 && index <= UINT32_MAX) {
    bool ended = false;
    const auto read = with_chunk(in, body, uint32_t(index), reach, [&](bytes_view content) {
      ended = content.size() < body_chunk_bytes;
      const auto part = content.substr(std::min(skip, content.size()), left);
      out.append(part);
      left -= part.size();
    });
    if (!read && read.error().code == errc::not_found && index > 0) {
      // Either the body ends with a full piece, or a piece is lost: the record knows.
      const auto record = read_blob(in, body, reach);
      if (!record) return record.error();
      if (index >= record->chunks) return out;
      return failure<errc>{errc::damaged,
                           "body " + std::to_string(body.value) + " has lost piece " + std::to_string(index)};
    }
    if (!read) return read.error();
    if (ended) break;
    ++index;
    skip = 0;
  }
  return out;
}

} // namespace stagepost::storage
