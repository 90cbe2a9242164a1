#pragma once

#include "protocols/base/mailbox_page.hpp"
#include "storage/record.hpp"
#include "storage/spool_table.hpp"

namespace stagepost::storage {

// Values that are not a struct of records.hpp.

/// `flags`: a page. Four to seven octets a message.
bytes encode(const mailbox_page& page);
/// The number stands in the key.
result<mailbox_page> decode_page(uint32_t number, bytes_view value);

/// `delivered`.
bytes encode(const delivered_record& where);
result<delivered_record> decode_delivered(bytes_view value);

/// A bare number: `meta`, and the ids in `domain_names` and `account_names`.
bytes encode_number(uint64_t value);
result<uint64_t> decode_number(bytes_view value);

/// A bare text: `settings` and `secrets`.
bytes encode_text(bytes_view value);
result<bytes> decode_text(bytes_view value);

} // namespace stagepost::storage
