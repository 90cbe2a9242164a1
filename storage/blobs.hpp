#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <functional>

namespace stagepost::storage {

/// Octets in one piece of a stored body.
inline constexpr size_t body_chunk_bytes = 256 * 1024;

/// Writes one piece; all but the last have body_chunk_bytes. A piece carries an XXH3 checksum. The first
/// piece of a body of several marks it as arriving, so that a body never finished is collected after a crash.
void put_chunk(batch& b, blob_id body, uint32_t index, bytes_view content, bool last);
/// The body is whole.
void put_blob(batch& b, blob_id body, const blob_record& record);
/// The body is whole, and whoever will refer to it comes later: until abandon_blob, or the end of the
/// process, it is not collected.
void park_blob(batch& b, blob_id body, const blob_record& record);
/// Nobody is about to refer to the body any more: it may be collected if nobody does. Also for one not
/// finished.
void abandon_blob(batch& b, blob_id body);

/// Somebody keeps the body alive. `owner`: mailbox or queue number; `item`: UID, or 0.
void put_reference(batch& b, blob_id body, blob_owner kind, uint64_t owner, uint32_t item);
/// He does not any more; the last one to go leaves it to be collected.
void drop_reference(batch& b, blob_id body, blob_owner kind, uint64_t owner, uint32_t item);

result<blob_record> read_blob(const store&, blob_id body, reach);
/// One piece, its checksum proved.
result<bytes> read_chunk(const store&, blob_id body, uint32_t index, reach);
/// `size_bytes` octets from `offset`; fewer at the end.
result<bytes> read_body(const store&, blob_id body, uint64_t offset, uint64_t size_bytes, reach);

} // namespace stagepost::storage
