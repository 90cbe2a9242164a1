#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

#include <cstddef>

namespace stagepost::mime {

/// What may still be kept of the headers to come.
struct header_budget {
  size_t addresses = max_total_addresses;
  size_t parameters = max_total_parameters;
};

/// What a part is when its header does not say (RFC 2045 5.2, RFC 2046 5.1.5).
enum class default_type { text, message };

/// Makes `shape` text/plain; charset=us-ascii.
void set_plain_text(part& shape);

/// Fills the Content fields of `shape` from its header block, and `fields` from the same block unless it is
/// null.
void read_part_header(bytes_view block, default_type otherwise, part& shape, envelope* fields,
                      header_budget& budget);

} // namespace stagepost::mime
