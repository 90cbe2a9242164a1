#include "storage/chunk.hpp"
#include "storage/key.hpp"
#include "storage/records.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

namespace {

/// Proves the pieces of a body one by one, so that damage in one does not hide the rest.
void verify_pieces(verify_view& view, blob_id body, const blob_record& record) {
  uint64_t size = 0;
  for (uint32_t chunk = 0; chunk < record.chunks; ++chunk) {
    const auto before = view.report.finding_count;
    const auto value = view.get(family::bodies, key::body(body, chunk));
    if (view.broken()) return;
    if (!value) {
      if (view.report.finding_count == before)
        view.find(family::bodies, body.value, "piece " + std::to_string(chunk) + " is missing");
      return;
    }
    const auto content = open_chunk(*value);
    if (!content) return view.find(family::bodies, body.value, content.error());
    size += content->size();
  }
  if (size != record.size_bytes)
    view.find(family::blobs, body.value,
              "has " + std::to_string(size) + " octets, its record says " +
                  std::to_string(record.size_bytes));
}

/// Pieces without a record, between two bodies that have one, are a body that arrives, or was given up: then
/// it has a mark. Only the gaps are looked at, because an iterator of this family reads the bodies it passes.
void verify_gap(verify_view& view, uint64_t from, uint64_t end) {
  if (from == end) return;
  blob_id last;
  const auto end_key = end == 0 ? bytes() : key::blob(blob_id{end});
  for (verify_view::cursor at(view, family::bodies, key::blob(blob_id{from}), end_key); at.valid();
       at.next()) {
    const blob_id body{number_at(at.key(), 0)};
    if (body != last && !view.has(family::garbage, key::blob(body)))
      view.find(family::bodies, body.value, "pieces of a body without record and without mark");
    last = body;
  }
}

void verify_body(verify_view& view, blob_id body, bytes_view value) {
  const auto record = decode_blob(value);
  ++view.report.bodies;
  if (!record) return view.find(family::blobs, body.value, record.error());
  view.report.body_bytes += record->size_bytes;
  if (view.options().read_bodies) verify_pieces(view, body, *record);
  const bool referred = verify_view::cursor(view, family::blob_refs, key::blob(body)).valid();
  if (!referred && !view.has(family::garbage, key::blob(body)))
    view.find(family::blobs, body.value, "nobody refers to it and no mark says so: it would stay for ever");
}

} // namespace

void verify_bodies(verify_view& view) {
  uint64_t next = 0;
  for (verify_view::cursor at(view, family::blobs, {}); at.valid() && !view.broken(); at.next()) {
    const blob_id body{number_at(at.key(), 0)};
    verify_gap(view, next, body.value);
    verify_body(view, body, at.value());
    next = body.value + 1;
  }
  verify_gap(view, next, 0);
  for (verify_view::cursor at(view, family::garbage, {}); at.valid(); at.next()) ++view.report.marks;
}

} // namespace stagepost::storage
