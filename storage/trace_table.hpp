#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <vector>

namespace stagepost::storage {

/// Adds a step. `number` orders steps of one message: the first free one; the spool counts them.
void put_trace(batch& b, queue_id id, uint32_t number, const trace_step& step);
/// Makes the trace found by the Message-ID header (compared without angle brackets).
void put_trace_id(batch& b, std::string_view message_id, queue_id id);

result<std::vector<trace_step>> read_trace(const store&, queue_id id, reach);
result<std::vector<queue_id>> find_traces(const store&, std::string_view message_id, reach);

/// Puts the removal of up to `limit` traces older than `before` into `b`; answers how many. Messages still in
/// the spool keep theirs.
result<size_t> delete_traces(batch& b, const store&, instant before, size_t limit);

/// How the age of traces is counted. Only the time the server runs makes them older: what the wall clock
/// jumped ahead, or went on while the server was down, does not count.
struct trace_age {
  struct jump {
    std::chrono::milliseconds ahead{0};
    std::chrono::milliseconds since{0}; ///< running time since then
    friend bool operator==(const jump&, const jump&) = default;
  };
  instant looked_at;       ///< the wall clock, when this was written
  std::vector<jump> jumps; ///< that traces still kept have seen, oldest first

  friend bool operator==(const trace_age&, const trace_age&) = default;
};
bytes encode(const trace_age&);
result<trace_age> decode_trace_age(bytes_view);
void put_trace_age(batch& b, const trace_age& age);
/// errc::not_found until it was first put.
result<trace_age> read_trace_age(const store&, reach);

} // namespace stagepost::storage
