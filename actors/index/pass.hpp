#pragma once

#include "storage/store.hpp"
#include "storage/word_index.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace stagepost::index {

/// What one turn of a folder may do.
struct pass_limits {
  size_t messages = 1000;        ///< IDX-04
  size_t merge_segments = 10;    ///< IDX-02
  uint64_t gone_messages = 1000; ///< IDX-06
  /// Documents that have more octets, decoded, are not looked into.
  uint64_t document_bytes = 32 * 1024 * 1024;
};

/// Gets the text out of a document; none where it cannot. Takes seconds, but not without end.
using document_reader = std::function<std::string(bytes octets)>;

struct pass_report {
  uint64_t messages = 0; ///< looked at
  bool more = false;     ///< the folder wants another turn
  std::chrono::nanoseconds cpu_time{};
};

/// Indexes the next messages of a folder, then merges segments where it is time to. Blocks: for a thread of
/// the indexer's pool. One at a time for each folder. Without `read_document` attached documents are not
/// looked into.
storage::result<pass_report> index_pass(const storage::store& in, mailbox_id folder,
                                        const pass_limits& limits, const std::stop_token& stop,
                                        const storage::batch_writer& write,
                                        const document_reader& read_document = {});

} // namespace stagepost::index
