#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

namespace stagepost::storage {

// What makes an import safe to repeat: a mark for each message brought into a folder, kept in `meta`.

/// Names a message's octets in a folder.
bytes import_mark(mailbox_id folder, bytes_view message);
void put_import_mark(batch& b, bytes_view mark);
result<bool> is_imported(const store&, bytes_view mark, reach);

} // namespace stagepost::storage
