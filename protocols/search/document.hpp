#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

#include <cstdint>
#include <functional>

namespace stagepost::search {

/// Documents that have text, by how it is got out of them.
enum class document_kind : uint8_t {
  none,
  pdf,
  office,     ///< a ZIP archive: office_text
  word,       ///< .doc, an OLE file as the next two
  excel,      ///< .xls
  powerpoint, ///< .ppt
};

/// Whether a part says, by its type or its name, that it is a document: only those are read.
bool may_be_document(const mime::part& part);

/// What the decoded octets are, whatever their part said.
document_kind document_kind_of(bytes_view octets);

/// Calls `each` for the parts that may be documents, in their order; `each` answers whether it wants more.
void for_each_document(const mime::digest& message, const std::function<bool(const mime::part&)>& each);

} // namespace stagepost::search
