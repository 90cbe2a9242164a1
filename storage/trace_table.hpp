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

} // namespace stagepost::storage
