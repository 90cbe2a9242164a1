#include "storage/batch.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/options.hpp"
#include "storage/slice.hpp"

#include <rocksdb/write_batch.h>

#include <array>
#include <cstdlib>

namespace stagepost::storage {

batch::batch(const store& into) : writes_(std::make_unique<rocksdb::WriteBatch>()), store_(&into) {}
batch::~batch() = default;
batch::batch(batch&&) noexcept = default;
batch& batch::operator=(batch&&) noexcept = default;

size_t batch::size_bytes() const { return writes_->GetDataSize(); }
bool batch::empty() const { return writes_->Count() == 0; }
void batch::require(blob_id body) { required_.push_back(body); }

// A WriteBatch without limits refuses nothing, so the statuses say nothing.

void batch_access::put(batch& b, family f, bytes_view key, bytes_view value) {
  b.writes_->Put(b.store_->handle(f), to_slice(key), to_slice(value)).PermitUncheckedError();
}

void batch_access::put(batch& b, family f, bytes_view key, bytes_view head, bytes_view tail) {
  const std::array keys{to_slice(key)};
  const std::array values{to_slice(head), to_slice(tail)};
  b.writes_
      ->Put(b.store_->handle(f), rocksdb::SliceParts(keys.data(), 1), rocksdb::SliceParts(values.data(), 2))
      .PermitUncheckedError();
}

void batch_access::remove(batch& b, family f, bytes_view key) {
  b.writes_->Delete(b.store_->handle(f), to_slice(key)).PermitUncheckedError();
}

void batch_access::remove_all(batch& b, family f, bytes_view prefix) {
  remove_range(b, f, prefix, after_prefix(prefix));
}

void batch_access::remove_range(batch& b, family f, bytes_view first, bytes_view end) {
  if (!loses_ranges(f)) std::abort(); // reads of this family would not see it: scan_options
  b.writes_->DeleteRange(b.store_->handle(f), to_slice(first), to_slice(end)).PermitUncheckedError();
}

} // namespace stagepost::storage
