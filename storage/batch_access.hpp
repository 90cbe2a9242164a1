#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

namespace stagepost::storage {

/// The inside of a batch, for the tables: nobody else writes keys.
struct batch_access {
  static void put(batch& b, family f, bytes_view key, bytes_view value);
  /// The value in two pieces, so that a large one is copied once.
  static void put(batch& b, family f, bytes_view key, bytes_view head, bytes_view tail);
  static void remove(batch& b, family f, bytes_view key);
  /// All keys that begin with `prefix`. For things that are rare: every range makes reads of the family
  /// slower until it is compacted away.
  static void remove_all(batch& b, family f, bytes_view prefix);

  /// The keys from `first` up to but not including `end`, with the same price.
  static void remove_range(batch& b, family f, bytes_view first, bytes_view end);

  static const store& store_of(const batch& b) { return *b.store_; }
  static void stage(batch& b, blob_id body) { b.staged_.push_back(body); }
  static void unstage(batch& b, blob_id body) { b.unstaged_.push_back(body); }
  static void mark(batch& b, blob_id body) { b.marked_.push_back(body); }
  static void whole(batch& b, blob_id body) { b.whole_.push_back(body); }
};

} // namespace stagepost::storage
