#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

#include <string>

namespace stagepost::mime {

/// The text of a text/* part as UTF-8: transfer encoding undone, charset converted. `body` is the body of the
/// part as stored (part::body()). HTML keeps its markup. Empty for parts that are not text. Costs a few
/// copies of `body`.
std::string searchable_text(bytes_view body, const part& shape);

} // namespace stagepost::mime
